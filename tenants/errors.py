"""Refusals of the Tenant agent."""

from kernel.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class TenantRequired(BadRequest):
    code = "tenant_required"
    title = "Name the tenant in the X-Tenant header (its slug or id)"


class TenantNotFound(NotFound):
    code = "tenant_not_found"
    title = "There is no such tenant for you"


class TenantSuspended(Forbidden):
    code = "tenant_suspended"
    title = "This tenant is suspended"


class TenantIncomplete(Conflict):
    code = "tenant_incomplete"
    title = "This tenant is being made of an archive, and opens when all of it is there"


class ErasureOpen(Conflict):
    code = "erasure_open"
    title = "An erasure was asked for already"


class PermissionDenied(Forbidden):
    code = "permission_denied"
    title = "You may not do this"


class NotSignedIn(Unauthenticated):
    code = "not_authenticated"
    title = "Sign in, or send an API key"


class BadApiKey(Unauthenticated):
    """``key`` is the tenant's id and the key's, where there is such a key: for the audit log alone."""

    code = "invalid_api_key"
    title = "This API key does not open anything"
    key: tuple[str, str] | None = None


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "Another tenant has this slug"


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "There is no such member"


class AlreadyMember(Conflict):
    code = "already_member"
    title = "This person is a member already"


class NoSuchPerson(Invalid):
    code = "no_such_person"
    title = "Nobody has signed up with this address yet"


class LastOwner(Conflict):
    code = "last_owner"
    title = "A tenant keeps at least one owner"


class RoleTooHigh(Forbidden):
    code = "role_too_high"
    title = "Nobody gives, changes or takes a role that holds more than their own"


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "There is no such API key"


class ApiKeyEnded(Conflict):
    code = "api_key_ended"
    title = "This API key is revoked or has expired"


class RotationOpen(Conflict):
    code = "rotation_open"
    title = "Two secrets of this key hold already"


class ScopeTooWide(Forbidden):
    code = "scope_too_wide"
    title = "A key cannot hold more than its maker"


class InvalidFields(Invalid):
    code = "invalid_fields"
    title = "Some fields are not valid"


class SecondFactorRequired(Forbidden):
    code = "second_factor_required"
    title = "This tenant asks for a second factor: set one up, then come back"


class AddressNotAllowed(Forbidden):
    code = "address_not_allowed"
    title = "This tenant cannot be entered from your network address"


class EmailDomainNotAllowed(Forbidden):
    code = "email_domain_not_allowed"
    title = "This tenant does not admit e-mail addresses of this domain"


class LimitReached(Forbidden):
    code = "limit_reached"
    title = "A limit of this tenant is reached"


class RoleNotFound(NotFound):
    code = "role_not_found"
    title = "There is no such role"


class RoleExists(Conflict):
    code = "role_exists"
    title = "Another role has this name"


class RoleInUse(Conflict):
    code = "role_in_use"
    title = "Members or open invitations have this role"


class TeamNotFound(NotFound):
    code = "team_not_found"
    title = "There is no such team"


class TeamExists(Conflict):
    code = "team_exists"
    title = "Another team has this name"


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    title = "There is no such invitation"


class InvitationClosed(Conflict):
    code = "invitation_closed"
    title = "This invitation was used, revoked or has expired"


class InvitationForAnother(Forbidden):
    code = "invitation_for_another"
    title = "This invitation is for another address; sign in with that one and verify it"


class AlreadyInvited(Conflict):
    code = "already_invited"
    title = "This address has an open invitation; send it again or revoke it"


class NotStaff(Invalid):
    code = "not_staff"
    title = "Only a member of staff who is not a superuser can be granted a tenant"


class SupportRefused(Forbidden):
    code = "support_refused"
    title = "Staff may not do this here"


class PersonNotFound(NotFound):
    code = "person_not_found"
    title = "There is no such person"


class GrantNotFound(NotFound):
    code = "grant_not_found"
    title = "There is no such grant, or it has ended"


class ImpersonationNotFound(NotFound):
    code = "impersonation_not_found"
    title = "There is no such impersonation"


class ImpersonationEnded(Forbidden):
    code = "impersonation_ended"
    title = "Nobody is acted as here, or not any more; begin again, with a reason"
