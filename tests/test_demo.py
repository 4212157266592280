"""The demo: who is there after it, that it is all believable, and that nobody can come to harm by it."""

import io
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import OutgoingMail, User
from invitations.management.demo import production
from invitations.models import Invitation
from invitations.policy import State, state
from tests.people import person, sign_in
from workspaces.catalogue import Scheme
from workspaces.models import Act, Departure, Entry, Grant, Job, Member, Organization, OwnershipTransfer, Workspace
from workspaces.queries.admins import organization_admins, workspace_admins
from workspaces.queries.jobs import can_be_undone

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _development(settings: Settings) -> None:
    settings.DEBUG = True


def demo() -> str:
    said = io.StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.fixture
def played() -> str:
    return demo()


def test_it_tells_a_believable_story(played: str) -> None:
    """One playing, looked at from all sides: playing takes seconds."""
    three_organizations_of_some_180_people_stand_there()
    large_changes_were_made_and_one_was_undone()
    every_place_keeps_its_admins()
    invitations_and_mails_are_in_every_state()
    the_past_lies_behind_us_and_in_order()
    nothing_can_be_mailed_to_anyone_real()
    all_four_of_the_cast_sign_in(played)
    playing_it_again_changes_nothing(played)


def large_changes_were_made_and_one_was_undone() -> None:
    undone, undoing, imported, latest = Job.objects.order_by("created_at")
    assert undoing.undoes == undone
    assert {undone.changed, undoing.changed} == {5}
    assert (imported.total, imported.changed) == (8, 5)
    assert can_be_undone(latest)
    assert not Job.objects.filter(finished_at=None).exists()


def three_organizations_of_some_180_people_stand_there() -> None:
    assert {each.scheme for each in Organization.objects.all()} == set(Scheme.values)
    sizes = {each.name: each.members.count() for each in Organization.objects.all()}
    assert 115 <= sizes["Acme Research"] <= 130
    assert 38 <= sizes["Northlab"] <= 42
    assert 18 <= sizes["Harbor Systems"] <= 22
    assert Member.objects.values("address").distinct().count() == 182
    names = "".join(Member.objects.filter(user__isnull=False).values_list("user__name", flat=True))
    assert {"ß", "Ł", "美", "И", "ש", "न", "م", "ნ", "하", "Σ"} <= set(names)
    assert Member.objects.filter(suspended_at__isnull=False).count() >= 4
    assert User.objects.filter(is_active=False).count() == 1
    assert Member.objects.filter(role__name="Guest").count() >= 2
    assert Departure.objects.count() >= 5
    assert OwnershipTransfer.objects.filter(expires_at__gt=timezone.now()).count() == 1
    assert Grant.objects.filter(ends_at__gt=timezone.now()).exclude(reason="").count() >= 5
    assert Grant.objects.filter(ends_at__lt=timezone.now()).exists()
    assert Grant.objects.filter(principal_key=0, workspace__slug="open-data").exists()


@pytest.mark.claim("P11")
def every_place_keeps_its_admins() -> None:
    for organization in Organization.objects.all():
        assert organization_admins(organization).exists()
        direct, through = workspace_admins(organization, organization.members.all())
        for workspace in organization.workspaces.filter(kind=Workspace.Kind.SHARED):
            assert direct.filter(workspace=workspace).exists() or through.filter(group__grants__workspace=workspace), (
                workspace
            )


def invitations_and_mails_are_in_every_state() -> None:
    now = timezone.now()
    assert {state(each, now) for each in Invitation.objects.all()} == set(State)
    mails = Counter(Member.objects.filter(joined_at=None).values_list("mail__state", flat=True))
    assert set(mails) == {"sent", "failed", "retrying", "unconfirmed"}
    refused = OutgoingMail.objects.filter(state="failed").values_list("reply", flat=True)
    assert all(reply[:3] in {"550", "552"} for reply in refused)
    assert not OutgoingMail.objects.filter(next_attempt_at__lt=now).exists()
    for member in Member.objects.filter(joined_at=None):
        assert member.invited_until == Invitation.objects.get(member=member).expires_at


@pytest.mark.claim("P21")
def the_past_lies_behind_us_and_in_order() -> None:
    began = timezone.now() - timedelta(days=420)
    for organization in Organization.objects.all():
        moments = list(Act.objects.filter(organization_id=organization.pk).order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert began < moments[0] < moments[-1] < timezone.now()
    for field in ("created_at", "joined_at", "suspended_at", "declined_at"):
        assert not Member.objects.filter(**{f"{field}__gte": timezone.now()}).exists()
    joined = Member.objects.filter(joined_at__isnull=False)
    assert len({moment.strftime("%Y-%m") for moment in joined.values_list("joined_at", flat=True) if moment}) >= 11
    accepted = Entry.objects.filter(act__kind="invitation.accepted").values("subject_id")
    assert not joined.exclude(Q(pk__in=accepted) | Q(owned__isnull=False)).exists()


def nothing_can_be_mailed_to_anyone_real() -> None:
    for model, field in ((User, "email"), (Member, "address"), (OutgoingMail, "recipient")):
        assert not model._default_manager.exclude(**{f"{field}__endswith": ".example"}).exists()


def all_four_of_the_cast_sign_in(played: str) -> None:
    for sign in production.CAST:
        assert f"{sign.address} " in played
        sign_in(Client(), sign.address, production.PASSWORD)
    assert not any(
        user.has_usable_password() for user in User.objects.exclude(email__in=[s.address for s in production.CAST])
    )
    staff = User.objects.get(is_staff=True)
    assert (staff.email, staff.is_superuser) == (production.CAST[-1].address, False)
    assert not Member.objects.filter(user=staff).exists()


def playing_it_again_changes_nothing(played: str) -> None:
    before = Act.objects.count(), User.objects.count(), Member.objects.count()
    assert demo() == played
    assert (Act.objects.count(), User.objects.count(), Member.objects.count()) == before


def test_it_leaves_a_database_with_people_of_its_own_alone() -> None:
    person("olga@own.example")
    assert "no demo data" in demo()
    assert not Organization.objects.exists()


@pytest.mark.claim("P1")
def test_it_refuses_in_production(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="for development only"):
        demo()
    assert not User.objects.exists()
