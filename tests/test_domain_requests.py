"""Asking for access: who is told, who decides, what is given, and how often one can ask."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from accounts.models import OutgoingMail
from tests.cast import Acme, custom_role, history, northlab, place, refused, web
from workspaces.actions import members, requests
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import AccessRequest, Grant, Origin
from workspaces.queries.facts import actor_facts
from workspaces.queries.requests import DECIDED_MAIL, MADE_MAIL, requests_for
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db

EDITOR, ADMIN = BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN


def ask(world: Acme, role: int = EDITOR, message: str = "") -> AccessRequest:
    """Ben asks for Research, where Mia is the admin."""
    return requests.ask_for_access(
        actor=web(world.ben),
        organization_id=world.id,
        workspace_id=world.research.pk,
        role_id=role,
        message=message,
    )


def mailed(kind: str) -> list[str]:
    return sorted(OutgoingMail.objects.filter(kind=kind).values_list("recipient", flat=True))


def approve(world: Acme, request: AccessRequest, by: str = "mia", **how: object) -> None:
    requests.approve_request(
        actor=web(getattr(world, by)),
        organization_id=world.id,
        request_id=request.pk,
        **how,  # type: ignore[arg-type]
    )


@pytest.mark.row("D7")
def test_what_an_approver_grants_is_there_at_once_with_its_end_and_says_that_it_was_asked_for(world: Acme) -> None:
    request = ask(world, message="For the migration")
    assert mailed(MADE_MAIL) == ["mia@acme.example"]
    end = timezone.now() + timedelta(days=3)
    approve(world, request, ends_at=end, reply="Welcome")
    grant = Grant.objects.get(member=world.member(world.ben), workspace=world.research)
    assert (grant.role_id, grant.origin, grant.ends_at, grant.granted_by_id) == (
        EDITOR, Origin.REQUEST, end, world.mia.pk,
    )  # fmt: skip
    assert mailed(DECIDED_MAIL) == ["ben@acme.example"]
    kinds = ("request.made", "grant.given", "request.approved")
    assert [said.kind for said in history(world.organization, *kinds)][-3:] == [
        "request.made", "grant.given", "request.approved",
    ]  # fmt: skip


def test_another_role_than_the_one_asked_for_can_be_given(world: Acme) -> None:
    approve(world, ask(world, role=ADMIN), role_id=BuiltIn.STANDARD_VIEWER)
    assert Grant.objects.get(member=world.member(world.ben), workspace=world.research).role_id == 11


def test_declining_gives_nothing_tells_why_and_closes_the_same_question_for_a_day(world: Acme) -> None:
    request = ask(world)
    requests.decline_request(
        actor=web(world.mia), organization_id=world.id, request_id=request.pk, reply="Ask your lead first"
    )
    request.refresh_from_db()
    assert (request.reply, request.decided_by_id) == ("Ask your lead first", world.mia.pk)
    assert not Grant.objects.filter(member=world.member(world.ben), workspace=world.research).exists()
    with refused(429):
        ask(world)
    AccessRequest.objects.filter(pk=request.pk).update(declined_at=Now() - timedelta(hours=25))
    ask(world)


def test_the_same_is_asked_once_and_again_after_withdrawing_and_not_without_limit(world: Acme) -> None:
    request = ask(world)
    with refused(409, "asked"):
        ask(world, role=ADMIN)
    for _ in range(requests.PER_DAY - 1):
        requests.withdraw_request(actor=web(world.ben), organization_id=world.id, request_id=request.pk)
        request = ask(world)
    requests.withdraw_request(actor=web(world.ben), organization_id=world.id, request_id=request.pk)
    with refused(429):
        ask(world)


@pytest.mark.claim("P10")
def test_only_who_could_give_it_decides_and_nobody_their_own(world: Acme) -> None:
    request = ask(world)
    for stranger in (world.ben, world.tom):
        with pytest.raises(Http404):
            requests.approve_request(actor=web(stranger), organization_id=world.id, request_id=request.pk)
    with pytest.raises(Http404):
        requests.withdraw_request(actor=web(world.mia), organization_id=world.id, request_id=request.pk)
    other = northlab()
    with pytest.raises(Http404):
        requests.decline_request(actor=web(other.zoe), organization_id=other.id, request_id=request.pk)
    approve(world, request, by="priya")
    with refused(409, "decided"):
        approve(world, request)


@pytest.mark.claim("P10")
def test_an_approver_gives_no_more_than_they_hold(world: Acme) -> None:
    # Ben manages members of Research without holding all that its admins hold.
    helper = custom_role(
        world.organization, "Helper", Scope.WORKSPACE, Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE
    )
    place(world.olga, world.member(world.ben), world.research, helper.pk)
    request = requests.ask_for_access(
        actor=web(world.tom), organization_id=world.id, workspace_id=world.research.pk, role_id=ADMIN
    )
    with refused(403, "gives_more"):
        approve(world, request, by="ben")
    request.refresh_from_db()
    assert request.approved_at is None


def test_without_workspace_admins_the_organizations_admins_are_asked(world: Acme) -> None:
    requests.ask_for_role(actor=web(world.ben), organization_id=world.id, role_id=BuiltIn.ADMIN, message="Holidays")
    assert mailed(MADE_MAIL) == ["olga@acme.example", "priya@acme.example"]
    request = AccessRequest.objects.get()
    with pytest.raises(Http404):
        approve(world, request, by="mia")
    approve(world, request, by="olga")
    assert world.member(world.ben).role_id == BuiltIn.ADMIN


def test_who_holds_it_already_asks_for_nothing(world: Acme) -> None:
    with refused(409, "unchanged"):
        requests.ask_for_access(
            actor=web(world.mia), organization_id=world.id, workspace_id=world.research.pk, role_id=EDITOR
        )


def test_the_holder_asks_to_keep_what_ends_and_somebody_else_moves_the_end(world: Acme) -> None:
    place(world.olga, world.member(world.ben), world.research, EDITOR)
    grant = Grant.objects.get(member=world.member(world.ben), workspace=world.research)
    Grant.objects.filter(pk=grant.pk).update(ends_at=Now() + timedelta(days=1))
    request = requests.ask_to_keep(actor=web(world.ben), organization_id=world.id, grant_id=grant.pk)
    later = timezone.now() + timedelta(days=30)
    approve(world, request, ends_at=later)
    grant.refresh_from_db()
    assert grant.ends_at == later
    with pytest.raises(Http404):
        requests.ask_to_keep(actor=web(world.mia), organization_id=world.id, grant_id=grant.pk)


@pytest.mark.claim("P13")
def test_requests_go_with_the_member_who_made_them(world: Acme) -> None:
    ask(world)
    members.remove_members(
        actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(world.member(world.ben).pk)
    )
    assert not AccessRequest.objects.exists()


def test_each_approver_sees_what_they_can_decide(world: Acme) -> None:
    ask(world)
    requests.ask_for_role(actor=web(world.ben), organization_id=world.id, role_id=BuiltIn.ADMIN)

    def sees(user: object) -> int:
        facts = actor_facts(web(user), world.organization)  # type: ignore[arg-type]
        return len(requests_for(world.organization, facts, is_open=True).requests)

    assert [sees(user) for user in (world.olga, world.mia, world.ben, world.tom)] == [2, 1, 0, 0]


@pytest.mark.claim("P21")
def test_a_refused_request_leaves_no_trace(world: Acme) -> None:
    with refused(409, "unchanged"):
        requests.ask_for_role(actor=web(world.olga), organization_id=world.id, role_id=BuiltIn.MEMBER)
    assert not history(world.organization, "request.made")
    assert not mailed(MADE_MAIL)
