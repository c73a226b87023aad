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


class PermissionDenied(Forbidden):
    code = "permission_denied"
    title = "You may not do this"


class NotSignedIn(Unauthenticated):
    code = "not_authenticated"
    title = "Sign in, or send an API key"


class BadApiKey(Unauthenticated):
    code = "invalid_api_key"
    title = "This API key does not open anything"


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
    title = "Nobody can give or change a role above their own"


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "There is no such API key"


class ScopeTooWide(Forbidden):
    code = "scope_too_wide"
    title = "A key cannot hold more than its maker"


class InvalidFields(Invalid):
    code = "invalid_fields"
    title = "Some fields are not valid"


class NotStaff(Invalid):
    code = "not_staff"
    title = "Only a member of staff who is not a superuser can be granted a tenant"


class SupportRefused(Forbidden):
    code = "support_refused"
    title = "Staff may not do this here"


class GrantNotFound(NotFound):
    code = "grant_not_found"
    title = "There is no such grant, or it has ended"


class ImpersonationEnded(Forbidden):
    code = "impersonation_ended"
    title = "The time to act as this member is over; begin again in the backoffice, with a reason"
