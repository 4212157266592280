"""Django admin as support staff use it: they find people, and act only as P22 allows, on the record."""

import re

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from invitations.models import DomainRule, Invitation
from tests import cast
from tests.people import PASSWORD, is_signed_in, make_stale, person, signed_in
from tests.stage import Stage
from workspaces.catalogue import BuiltIn
from workspaces.models import Act, Grant, Group, Member, Organization, OwnershipTransfer, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(stage: Stage) -> Client:
    return signed_in(stage.sam.email)


def page_of(model: type, *args: object) -> str:
    name = "change" if args else "changelist"
    opts = model._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=args)


def find(client: Client, model: type, text: str) -> str:
    """What the list of results says."""
    answer = client.get(page_of(model), {"q": text})
    assert answer.status_code == 200
    body = answer.content.decode()
    return body[body.index('id="changelist-form"') :]


def act(client: Client, action: str, *rows: object, confirmed: bool = True, **fields: object) -> HttpResponse:
    """Chooses the rows in their list and runs the action, through its page of confirmation."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}  # type: ignore[attr-defined]
    answer = client.post(page_of(type(rows[0])), {**chosen, **fields, **({"confirmed": "yes"} if confirmed else {})})
    assert isinstance(answer, HttpResponse)
    return answer


def told(answer: HttpResponse) -> str:
    return " / ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def last_act(organization: Organization) -> tuple[str, str, int | None]:
    last = Act.objects.filter(organization_id=organization.pk).latest("pk")
    return last.kind, last.source, last.actor_id


# --- the door


def test_staff_come_in_by_the_sign_in_page_of_roster_and_nobody_else_finds_it(stage: Stage) -> None:
    away = Client().get("/admin/workspaces/member/", follow=True)
    assert away.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2Fworkspaces%2Fmember%2F"
    client = Client()
    signing_in = client.post(away.redirect_chain[-1][0], {"login": stage.sam.email, "password": PASSWORD}, follow=True)
    assert signing_in.redirect_chain[-1][0] == "/admin/workspaces/member/"
    assert signing_in.status_code == 200
    assert "Roster support" in signing_in.content.decode()
    for user in (stage.acme.olga, stage.stella):
        assert signed_in(user.email).get("/admin/", follow=True).status_code == 404
    User.objects.filter(pk=stage.sam.pk).update(is_staff=False)
    assert client.get("/admin/", follow=True).status_code == 404


def test_a_hostile_next_leads_nowhere_else(stage: Stage, sam: Client) -> None:
    assert sam.get("/admin/login/?next=https://evil.example/").headers["Location"] == "/admin/"
    assert "evil" not in Client().get("/admin/login/?next=https://evil.example/").headers["Location"]


@pytest.mark.claim("P22")
def test_only_what_support_needs_is_there_and_none_of_it_can_be_written(stage: Stage, sam: Client) -> None:
    assert set(admin.site._registry) == {User, Organization, Member, Invitation, OutgoingMail, DomainRule}
    rows = {
        User: stage.acme.mia,
        Organization: stage.acme.organization,
        Member: stage.member(stage.acme.mia),
        Invitation: stage.to_nora,
        OutgoingMail: OutgoingMail.objects.latest("pk"),
        DomainRule: DomainRule.objects.create(domain="mail.example", kind=DomainRule.Kind.PUBLIC),
    }
    for model, row in rows.items():
        shown = sam.get(page_of(model, row.pk)).content.decode()
        entries = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w[^"]*)"', shown)
        inert = ("csrfmiddlewaretoken", "_selected_action", "CHANGE_FORM-", "memberships-", "failed_attempts-")
        assert [name for name in entries if not name.startswith(inert)] == []
        assert 'name="_save"' not in shown
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert (
            sam.post(page_of(model, row.pk), {"name": "Changed", "is_staff": "on", "_save": "Save"}).status_code == 403
        )
        assert model._default_manager.filter(pk=row.pk).values().get() == before
    names = {url.name or "" for each in admin.site.urls[0] for url in getattr(each, "url_patterns", [each])}
    supplement = {"invitations_domainrule_add", "invitations_domainrule_delete"}  # the operator's, not support's
    ends = ("_add", "_delete", "_history", "password_change")
    assert {name for name in names if name.endswith(ends)} == supplement
    for model in (Grant, Group, Workspace, Act):
        assert not admin.site.is_registered(model)


# --- finding


def test_people_are_found_by_name_and_by_any_address(stage: Stage, sam: Client) -> None:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=stage.acme.mia, email="mia@elsewhere.example", verified=True)
    for text in ("Mia", "mia c", "MIA@ACME", "mia@elsewhere", "mia@elsewhere.example"):
        for model in (User, Member):
            found = find(sam, model, text)
            assert "mia@acme.example" in found, (text, model)
            assert "olga@acme.example" not in found
    assert "stella@nowhere.example" in find(sam, User, "stella@")
    assert "nora@new.example" in find(sam, Member, "nora")
    assert "nora@new.example" in find(sam, Invitation, "nora")
    assert "nora@new.example" in find(sam, OutgoingMail, "nora@new.example")
    assert "Acme" in find(sam, Organization, "acm")
    assert "0 members" in find(sam, Member, "nobody of this name")
    shown = sam.get(page_of(User, stage.acme.mia.pk)).content.decode()
    assert "mia@elsewhere.example (confirmed)" in shown
    assert page_of(Member, stage.member(stage.acme.mia).pk) in shown


def test_no_page_shows_a_usable_link(stage: Stage, sam: Client) -> None:
    for model, row in ((Invitation, stage.to_nora), (Member, stage.nora)):
        shown = sam.get(page_of(model, row.pk)).content.decode()
        assert stage.link(stage.to_nora) not in shown
        assert str(stage.to_nora.uuid) not in shown


def test_lists_cost_the_same_for_two_rows_and_for_forty(stage: Stage, sam: Client) -> None:
    def queries() -> list[int]:
        counts = []
        for model in (User, Organization, Member, Invitation, OutgoingMail):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert sam.get(page_of(model)).status_code == 200
            counts.append(len(captured))
            assert not any("COUNT(" in query["sql"] for query in captured.captured_queries)
        return counts

    before = queries()
    cast.ask_in(stage.acme.olga, stage.acme.organization, *(f"n{number}@many.example" for number in range(40)))
    for number in range(5):
        cast.found(stage.acme.mia, f"Organization {number}")
    assert queries() == before


@pytest.mark.parametrize(
    "query",
    [
        "p=99999",
        "p=x",
        "address__regex=(a%2B)%2B",
        "user__password__startswith=a",
        "state=nonsense",
        "q=%00",
        "o=9",
        "all=",
    ],
)
def test_made_up_queries_are_no_error_of_ours(stage: Stage, sam: Client, query: str) -> None:
    assert sam.get(f"{page_of(Member)}?{query}", follow=True).status_code in {200, 400}


# --- acting


@pytest.mark.claim("P22", "P21")
def test_they_resend_and_revoke_and_the_history_names_them(stage: Stage, sam: Client) -> None:
    here = stage.acme.organization
    assert "Mails queued: 1" in told(act(sam, "resend", stage.to_nora))
    stage.to_nora.refresh_from_db()
    assert stage.to_nora.generation == 2
    assert last_act(here) == ("invitation.renewed", "admin", stage.sam.pk)
    assert "Mails queued: 1" in told(act(sam, "resend_to", stage.nora))
    assert "revoke" not in told(act(sam, "revoke", stage.to_nora, confirmed=False))
    assert Member.objects.filter(invitation=stage.to_nora).exists()
    assert "Revoked: 1" in told(act(sam, "revoke", stage.to_nora))
    assert last_act(here) == ("invitation.revoked", "admin", stage.sam.pk)
    assert "is not waiting any more" in told(act(sam, "revoke", stage.to_nora))
    page = signed_in(stage.acme.olga.email).get(stage.url("history/")).content.decode()
    assert "Support staff" in page
    assert "Sam Staff" in page


@pytest.mark.claim("P18", "P22")
def test_the_limit_of_mails_a_day_is_theirs_too(stage: Stage, sam: Client) -> None:
    for _ in range(2):
        act(sam, "resend", stage.to_nora)
    assert "had its mails for today" in told(act(sam, "resend", stage.to_nora))


@pytest.mark.claim("P22", "P14", "P11")
def test_they_suspend_in_one_organization_but_never_its_owner_nor_a_last_admin(stage: Stage, sam: Client) -> None:
    ben, mia, olga = (stage.member(user) for user in (stage.acme.ben, stage.acme.mia, stage.acme.olga))
    asked = act(sam, "suspend", ben, confirmed=False)
    assert "lose their rights" in asked.content.decode()
    assert not Member.objects.filter(suspended_at__isnull=False, pk=ben.pk).exists()
    assert "Suspended: 1" in told(act(sam, "suspend", ben))
    assert last_act(stage.acme.organization) == ("member.suspended", "admin", stage.sam.pk)
    assert signed_in(stage.acme.ben.email).get(stage.url("members/")).status_code == 403
    for member, reason in ((olga, "They own the organization"), (mia, "last admin of a workspace")):
        assert reason in told(act(sam, "suspend", member))
        member.refresh_from_db()
        assert member.suspended_at is None


@pytest.mark.claim("P22")
def test_rows_of_several_organizations_are_each_decided_and_recorded_at_home(stage: Stage, sam: Client) -> None:
    zoe = cast.member_of(stage.northlab.organization, stage.northlab.zoe)
    said = told(act(sam, "suspend", stage.member(stage.acme.ben), zoe))
    assert "Suspended: 1" in said
    assert "They own the organization" in said
    assert last_act(stage.northlab.organization)[0] != "member.suspended"


@pytest.mark.claim("P22", "P14")
def test_they_block_and_unblock_accounts_and_are_told_why_not(stage: Stage, sam: Client) -> None:
    ben = signed_in(stage.acme.ben.email)
    assert "is blocked; sessions ended: 1" in told(act(sam, "block", stage.acme.ben))
    assert not is_signed_in(ben)
    assert last_act(stage.acme.organization) == ("account.blocked", "admin", stage.sam.pk)
    assert "may sign in again" in told(act(sam, "unblock", stage.acme.ben))
    assert "without an admin" in told(act(sam, "block", stage.acme.olga)), "nobody else is admin of default"
    assert "without an admin" in told(act(sam, "block", stage.acme.mia))
    assert "Nobody blocks their own account" in told(act(sam, "block", stage.sam))
    assert User.objects.filter(is_active=False).count() == 0


@pytest.mark.claim("P22", "P19")
def test_they_have_given_up_mails_tried_again_on_the_record(stage: Stage, sam: Client) -> None:
    mail = OutgoingMail.objects.get(pk=stage.nora.mail_id or 0)
    assert "Only mails that were given up" in told(act(sam, "retry", mail))
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.FAILED, next_attempt_at=None, reply="550 no such user"
    )
    assert "550 no such user" in find(sam, OutgoingMail, "nora")
    assert "1 mail is queued again." in told(act(sam, "retry", mail))
    mail.refresh_from_db()
    assert (mail.state, mail.reply) == (MailState.QUEUED, "")
    assert last_act(stage.acme.organization) == ("mail.retried", "admin", stage.sam.pk)
    assert "tried again" in signed_in(stage.acme.olga.email).get(stage.url("history/")).content.decode()


@pytest.mark.claim("P22", "P15")
def test_they_start_a_transfer_only_where_the_owner_is_gone_and_soon_after_proving_who_they_are(
    stage: Stage, sam: Client
) -> None:
    here = stage.acme.organization
    page, priya = page_of(Organization, here.pk), stage.member(stage.acme.priya)
    chosen = {"CHANGE_FORM-action": "offer_ownership", "_selected_action": here.pk}
    assert "Priya Admin (priya@acme.example)" in sam.post(page, chosen).content.decode()
    entry = {**chosen, "confirmed": "yes", "successor": priya.pk}
    assert "The owner is active" in told(sam.post(page, entry))
    assert not OwnershipTransfer.objects.exists()
    cast.place(stage.acme.olga, priya, here.workspaces.get(slug="default"), BuiltIn.STANDARD_ADMIN)
    assert "is blocked" in told(act(sam, "block", stage.acme.olga))
    stale = signed_in(stage.sam.email)
    make_stale(stale)
    assert stale.post(page, entry).headers["Location"].startswith("/accounts/confirm/?next=")
    assert not OwnershipTransfer.objects.exists()
    nobody = sam.post(page, {**entry, "successor": stage.member(stage.acme.olga).pk})
    assert "Select a valid choice" in nobody.content.decode()
    assert "seven days" in told(sam.post(page, entry))
    assert OwnershipTransfer.objects.get().successor == priya
    assert last_act(here) == ("ownership.offered", "admin", stage.sam.pk)


@pytest.mark.claim("P18")
def test_they_set_the_seats_and_the_invitations_a_day_of_an_organization(stage: Stage, sam: Client) -> None:
    here = stage.acme.organization
    page = page_of(Organization, here.pk)
    chosen = {"CHANGE_FORM-action": "change_limits", "_selected_action": here.pk}
    assert 'name="seats"' in sam.post(page, chosen).content.decode()
    wrong = sam.post(page, {**chosen, "confirmed": "yes", "seats": "0", "invitations_per_day": "-1"})
    assert "greater than or equal to 1" in wrong.content.decode()
    assert "The limits are saved." in told(
        sam.post(page, {**chosen, "confirmed": "yes", "seats": "50", "invitations_per_day": ""})
    )
    here.refresh_from_db()
    assert (here.seats, here.invitations_per_day) == (50, None)
    assert "of 50 taken" in sam.get(page).content.decode()
    assert last_act(here) == ("organization.changed", "admin", stage.sam.pk)
    olga = signed_in(stage.acme.olga.email)
    taken = here.members.count()
    for where in ("invite/", "settings/"):
        said = f"{50 - taken} of 50 seats are free; pending invitations count."
        assert said in olga.get(stage.url(where)).content.decode()
    assert "Free seats of 50" in olga.get(stage.url("overview/")).content.decode()


@pytest.mark.claim("P22")
def test_whoever_is_no_staff_any_more_changes_nothing(stage: Stage, sam: Client) -> None:
    User.objects.filter(pk=stage.sam.pk).update(is_staff=False)
    answer = sam.post(page_of(Member), {"action": "suspend", "_selected_action": stage.nora.pk, "confirmed": "yes"})
    assert answer.status_code == 302
    assert last_act(stage.acme.organization)[1] == "web"


def test_more_rows_than_meant_are_refused(stage: Stage, sam: Client) -> None:
    cast.ask_in(stage.acme.olga, stage.acme.organization, *(f"n{number}@many.example" for number in range(101)))
    answer = sam.post(
        page_of(Member), {"action": "revoke", "_selected_action": [1], "select_across": 1, "confirmed": "yes"}
    )
    assert "at most 100 rows" in told(answer)
    assert not Invitation.objects.filter(revoked_at__isnull=False).exists()


# --- superusers


@pytest.mark.claim("P22")
def test_superusers_appoint_staff_and_see_no_more_than_they(stage: Stage) -> None:
    root = person("root@support.example", "Root")
    User.objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
    client, page = signed_in(root.email), page_of(User, stage.stella.pk)
    assert re.findall(r'<input type="checkbox" name="(\w+)"', client.get(page).content.decode()) == ["is_staff"]
    saved = {"_save": "Save", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    client.post(page, {**saved, "is_staff": "on", "is_superuser": "on", "email": "x@y.example"})
    stella = User.objects.get(pk=stage.stella.pk)
    assert (stella.is_staff, stella.is_superuser, stella.email) == (True, False, stage.stella.email)
    assert client.post(page_of(User, root.pk), saved).status_code == 403
    assert User.objects.get(pk=root.pk).is_staff
    assert client.post(page_of(Member, stage.nora.pk), saved).status_code == 403
    client.post(page, saved)
    assert not User.objects.get(pk=stage.stella.pk).is_staff
