"""Proposing people and deciding it, as members and admins do it in a browser."""

import pytest
from django.test import Client

from invitations.models import Invitation, ProposedPerson
from tests import cast
from tests.people import signed_in
from tests.stage import Stage
from tests.visiting import HTMX, Answer, body_of, queries_of, visitor, words_of
from workspaces.actions import organizations

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(stage: Stage) -> Client:
    organizations.change_organization(
        actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, members_propose=True
    )
    return visitor(stage.acme.ben)


def propose(stage: Stage, client: Client, addresses: str, **entry: object) -> Answer:
    return client.post(stage.url("proposals/new/"), {"addresses": addresses, **entry})


def test_an_admin_lets_members_propose_in_the_settings(stage: Stage, priya: Client) -> None:
    member = visitor(stage.acme.ben)
    assert "Propose people to invite" not in words_of(member.get("/my/"))
    assert member.get(stage.url("proposals/new/")).status_code == 403
    saved = {"name": "Acme", "invitation_days": 7, "members_see_members": "on", "members_propose": "on"}
    priya.post(stage.url("settings/"), saved)
    assert "Propose people to invite" in words_of(member.get("/my/"))
    assert member.get(stage.url("proposals/new/")).status_code == 200
    assert "Propose people to invite" not in words_of(visitor(stage.acme.tom).get("/my/"))
    assert visitor(stage.acme.tom).get(stage.url("proposals/new/")).status_code == 403


def test_a_proposal_goes_from_my_access_to_the_admins_requests_and_back(
    stage: Stage, ben: Client, priya: Client
) -> None:
    answer = propose(stage, ben, "Ivy Day <ivy@x.example>", workspace=stage.research.pk, message="For the trial")
    assert (answer.status_code, answer["Location"]) == (303, "/my/")
    assert "ivy@x.example" in words_of(ben.get("/my/"))
    page = words_of(priya.get(stage.url("proposals/")))
    assert "Ivy Day ivy@x.example for Research For the trial proposed by Ben Weber" in page
    # The request for access that waits, and the proposal.
    assert "Requests 2" in page
    proposal = ProposedPerson.objects.get()
    asked = priya.get(stage.url(f"proposals/approve/?id={proposal.pk}"))
    assert "Invite 1 proposed person?" in words_of(asked)
    done = priya.post(stage.url("proposals/approve/"), {"id": [proposal.pk], "reply": "Gladly"}, follow=True)
    assert "1 is invited." in words_of(done)
    assert Invitation.objects.filter(address="ivy@x.example", inviter=stage.acme.priya).exists()
    mine = words_of(ben.get("/my/"))
    assert "Approved" in mine
    assert "Gladly" in mine
    assert "Ivy Day" in words_of(priya.get(stage.url("proposals/?state=decided")))


def test_many_are_decided_at_once_and_what_stays_open_is_said(stage: Stage, ben: Client, priya: Client) -> None:
    propose(stage, ben, "ivy@x.example, kim@x.example, priya@acme.example")
    ids = list(ProposedPerson.objects.order_by("pk").values_list("pk", flat=True))
    assert "is a member already" in words_of(priya.get(stage.url("proposals/")))
    stage.acme.organization.seats = stage.acme.organization.members.count() + 1
    stage.acme.organization.save(update_fields=["seats"])
    done = priya.post(stage.url("proposals/approve/"), {"id": ids}, follow=True)
    assert "1 is invited. 1 is a member already. 1 stays open: Has no free seat." in words_of(done)
    declined = priya.post(stage.url("proposals/decline/"), {"id": ids, "reply": "No room"}, headers=HTMX)
    assert declined.status_code == 204
    assert "proposals:refresh" in declined["HX-Trigger"]
    assert not ProposedPerson.objects.filter(approved_at=None, declined_at=None).exists()
    gone = priya.get(stage.url(f"proposals/approve/?id={ids[0]}"), follow=True)
    assert "Choose somebody who is not decided yet." in words_of(gone)


def test_the_help_beside_the_list_shows_its_example_whole(stage: Stage, ben: Client) -> None:
    page = body_of(ben.get(stage.url("proposals/new/")))
    assert "names as in Mia Chen &lt;mia@acme.example&gt; are kept." in page


def test_what_was_typed_stays_beside_the_reason_and_the_way_back_is_ones_own(stage: Stage, ben: Client) -> None:
    wrong = propose(stage, ben, "good@x.example nonsense")
    assert wrong.status_code == 422
    assert "nonsense: There is no @ in it." in words_of(wrong)
    assert "good@x.example nonsense" in body_of(wrong)
    assert propose(stage, ben, "good@x.example", workspace=10**9).status_code == 422
    propose(stage, ben, "good@x.example")
    proposal = ProposedPerson.objects.get()
    assert visitor(stage.max).post(stage.url(f"proposals/{proposal.pk}/withdraw/")).status_code == 404
    assert ben.post(stage.url(f"proposals/{proposal.pk}/withdraw/"), follow=True).status_code == 200
    proposal.refresh_from_db()
    assert proposal.withdrawn_at


@pytest.mark.claim("P3")
def test_nothing_of_another_organization_is_decided(stage: Stage, ben: Client) -> None:
    propose(stage, ben, "ivy@x.example")
    zoe = signed_in(stage.northlab.zoe.email)
    here = f"/o/{stage.northlab.organization.slug}/proposals/"
    proposal = ProposedPerson.objects.get()
    assert "ivy@x.example" not in words_of(zoe.get(here))
    assert zoe.post(f"{here}approve/", {"id": [proposal.pk]}).status_code == 404
    assert zoe.post(f"{here}decline/", {"id": [proposal.pk]}).status_code == 404


def test_the_list_costs_the_same_for_few_and_for_many(stage: Stage, ben: Client, priya: Client) -> None:
    propose(stage, ben, "a@x.example b@x.example")
    few = queries_of(priya, stage.url("proposals/"))
    propose(stage, ben, " ".join(f"p{number}@x.example" for number in range(15)))
    assert len(queries_of(priya, stage.url("proposals/"))) == len(few)
