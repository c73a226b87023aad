"""People in a tenant, and the mails that ask somebody in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.lists import choice_filter
from kernel.backoffice.steps import Step
from kernel.backoffice.work import CREATED, DISCARD, STATE, WHY, WorkAdmin, replay_step
from tenants.impersonation import begin_acting
from tenants.models import InvitationMail, Membership
from tenants.services.invitations import KIND

STATUS = columns.state("status", "Status")


def _act_as(request: HttpRequest, member: Membership, reason: str) -> str:
    begun = begin_acting(request, member, reason)
    return f"You act as {member} until {begun.expires_at:%H:%M} UTC."


def _may_act_as(request: Any, member: Membership) -> bool:
    return member.status == Membership.ACTIVE and member.user_id != request.user.pk


@admin.register(Membership)
class MembershipAdmin(BackofficeAdmin):
    """People in the tenant."""

    one, many = "Member", "Members"
    list_display = (
        "email",
        "name",
        "role",
        STATUS,
        columns.state("availability", "Availability"),
        CREATED,
    )
    list_filter = (choice_filter("status", "status", [(s, s) for s in Membership.STATUSES]),)
    facts = ("email", "name", "role", STATUS, columns.state("availability", "Availability"), "id",
             "user_id", CREATED)  # fmt: skip

    steps = (
        Step(name="impersonate", label="Act as", run=_act_as, when=_may_act_as, icon="theater_comedy",
             reason=True, question="For half an hour you act as this member, with no more than their "
             "rights. Every page says so, and the tenant reads it in its audit log, with your reason. "
             "Credentials, members, settings, exports and erasure stay closed."),
    )  # fmt: skip

    def title_of(self, row: Membership) -> str:
        return str(row)


@admin.register(InvitationMail)
class InvitationMailAdmin(WorkAdmin):
    """Mails that ask somebody in; their links have no page."""

    one, many, kind = "Invitation mail", "Invitation mails", KIND
    list_display = ("id", STATE, "invitation_id", WHY, "attempts", CREATED)
    facts = ("invitation_id", *WorkAdmin.work_facts)
    steps = (replay_step(KIND), DISCARD)
