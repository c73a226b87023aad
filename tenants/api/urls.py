"""Addresses of the Tenant agent, under ``/api/v1/``."""

from django.urls import path

from tenants.api import groups, invitations, keys, operators, people, support, views

urlpatterns = [
    path("me", views.Me.as_view()),
    path("tenants", views.Tenants.as_view()),
    path("tenants/<id:tenant_id>/leave", views.Leave.as_view()),
    path("tenants/<id:tenant_id>", operators.OneTenant.as_view()),
    path("tenants/<id:tenant_id>/open-entry", operators.OpenEntry.as_view()),
    path("tenants/<id:tenant_id>/staff-grants", support.Grants.as_view()),
    path("tenants/<id:tenant_id>/staff-grants/<id:grant_id>/end", support.EndGrant.as_view()),
    path("platform/tenants", operators.PlatformTenants.as_view()),
    path("platform/people", people.People.as_view()),
    path("platform/people/<id:person_id>", people.OnePerson.as_view()),
    path("platform/people/<id:person_id>/disable", people.Disable.as_view()),
    path("platform/people/<id:person_id>/enable", people.Enable.as_view()),
    path("platform/people/<id:person_id>/end-sessions", people.EndSessions.as_view()),
    path("platform/people/<id:person_id>/remove-factors", people.RemoveFactors.as_view()),
    path("platform/people/<id:person_id>/staff-rights", people.Rights.as_view()),
    path("tenants/<id:tenant_id>/suspend", operators.Suspend.as_view()),
    path("tenants/<id:tenant_id>/resume", operators.Resume.as_view()),
    path("tenants/<id:tenant_id>/limits", operators.OwnLimits.as_view()),
    path("tenant", views.CurrentTenant.as_view()),
    path("tenant/settings", views.Settings.as_view()),
    path("tenant/limits", views.Limits.as_view()),
    path("members", views.Members.as_view()),
    path("members/<id:member_id>", views.Member.as_view()),
    path("roles", groups.Roles.as_view()),
    path("roles/<id:role_id>", groups.OneRole.as_view()),
    path("teams", groups.Teams.as_view()),
    path("teams/<id:team_id>", groups.OneTeam.as_view()),
    path("teams/<id:team_id>/members", groups.TeamMembers.as_view()),
    path("teams/<id:team_id>/members/<id:member_id>", groups.TeamMember.as_view()),
    path("invitations", invitations.Invitations.as_view()),
    path("invitations/accept", invitations.Accept.as_view()),
    path("invitations/<id:invitation_id>", invitations.OneInvitation.as_view()),
    path("invitations/<id:invitation_id>/resend", invitations.Resend.as_view()),
    path("api-keys", keys.ApiKeys.as_view()),
    path("api-keys/<id:key_id>", keys.OneApiKey.as_view()),
    path("api-keys/<id:key_id>/rotate", keys.Rotate.as_view()),
]
