"""One tenant at a time, chosen by somebody who may enter it, and written down."""

from django.urls import reverse

from config.backoffice.scope import KEY
from conversations.models import Conversation
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from tenants.models import Membership
from tests.backoffice.conftest import browser, staff

CHOOSE = reverse("admin:choose_tenant")


def _member(user, world):
    with tenant_scope(world.tenant):
        return Membership.objects.create(user=user, role="viewer", email=user.email)


def test_without_a_tenant_every_page_leads_to_the_chooser(superuser, urls):
    client = browser(superuser)
    for address in (
        "/admin/",
        "/admin/work/",
        urls(Conversation),
        "/admin/autocomplete/",
        "/admin/search/?s=a",
    ):
        answer = client.get(address)
        assert answer.status_code == 302 and answer.url.startswith(CHOOSE), address
    assert client.get(CHOOSE).status_code == 200


def test_choosing_leads_back_to_where_one_was_going(superuser, world, urls):
    client = browser(superuser)
    answer = client.get(urls(Conversation))
    form = {"tenant": world.tenant.pk, "next": urls(Conversation)}
    assert client.post(answer.url, form).url == urls(Conversation)
    assert client.post(CHOOSE, {**form, "next": "https://evil.test/"}).url == "/admin/"


def test_entering_is_written_to_the_tenants_audit_log(superuser, world):
    browser(superuser, world.tenant)
    with tenant_scope(world.tenant):
        entry = AuditEntry.objects.get(action="backoffice.entered")
    assert (entry.actor_kind, entry.actor_id, entry.user_id) == (
        "staff",
        superuser.pk,
        superuser.pk,
    )
    assert entry.ip.startswith("10.")


def test_superusers_see_every_tenant_and_other_staff_their_own(superuser, new_tenant):
    mine, other = new_tenant("Mine Ltd"), new_tenant("Other Ltd")
    helper = staff()
    _member(helper, mine)
    listed = browser(helper).get(CHOOSE).text
    assert "Mine Ltd" in listed and "Other Ltd" not in listed
    for world in (mine, other):
        found = browser(superuser).get(CHOOSE, {"q": world.tenant.slug}).text
        assert world.tenant.pk in found


def test_staff_cannot_enter_a_tenant_they_do_not_belong_to(world):
    client = browser(staff())
    assert client.post(CHOOSE, {"tenant": world.tenant.pk}).url == CHOOSE
    assert "There is no such tenant for you." in client.get(CHOOSE).text
    assert KEY not in client.session
    with tenant_scope(world.tenant):
        assert not AuditEntry.objects.filter(action="backoffice.entered").exists()


def test_a_membership_that_ends_closes_the_tenant_at_once(world):
    helper = staff()
    member = _member(helper, world)
    client = browser(helper, world.tenant)
    assert client.get("/admin/").status_code == 200
    with tenant_scope(world.tenant):
        Membership.objects.filter(pk=member.pk).update(status=Membership.DISABLED)
    assert client.get("/admin/").url.startswith(CHOOSE)


def test_a_session_that_names_a_foreign_tenant_opens_nothing(world):
    client = browser(staff())
    session = client.session
    session[KEY] = world.tenant.pk
    session.save()
    assert client.get("/admin/").url.startswith(CHOOSE)


def test_nonsense_is_not_a_tenant(superuser):
    client = browser(superuser)
    for nonsense in ("", "x", "0" * 24, "<script>", "f" * 10_000):
        assert client.post(CHOOSE, {"tenant": nonsense}).url == CHOOSE
