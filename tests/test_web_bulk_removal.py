"""Deleting members in bulk: what they own and whom they asked in is said first, however it is posted."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from invitations.models import Invitation
from tests import cast
from tests.stage import Stage, crowd
from tests.visiting import Answer, hidden_of, visitor, words_of
from workspaces.actions import members
from workspaces.actions.jobs.working import work_off
from workspaces.catalogue import BuiltIn
from workspaces.models import Member, Product, Resource

pytestmark = pytest.mark.django_db


def own(owners: list[Member], kind: str, *names: str, **more: Any) -> None:
    """Things of one kind, dealt out to the owners in turn."""
    product = Product.objects.get(name="Notebooks")
    Resource.objects.bulk_create(
        Resource(
            organization_id=owners[0].organization_id,
            product=product,
            kind=kind,
            name=name,
            external_id=f"{kind} {name}",
            owner=owners[number % len(owners)],
            **more,
        )
        for number, name in enumerate(names)
    )


def look(stage: Stage, client: Client, *people: Member, **entry: Any) -> Answer:
    return client.post(stage.url("members/bulk/remove/"), {"member": [each.pk for each in people], **entry})


def press(stage: Stage, client: Client, shown: Answer, **entry: Any) -> Answer:
    carried = {name: hidden_of(shown, name) for name in ("selection", "counted")}
    return client.post(stage.url("members/bulk/remove/apply/"), {**carried, **entry})


def still_there(stage: Stage, *people: Member) -> int:
    return stage.acme.organization.members.filter(pk__in=[each.pk for each in people]).count()


# --- what they own


@pytest.mark.row("I40", "I51")
def test_the_preview_counts_by_kind_what_they_own_and_names_the_first(stage: Stage, olga: Client) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    assert "What they own" not in words_of(look(stage, olga, ben, max_))
    assert "New owner" not in words_of(look(stage, olga, ben, max_))
    own([ben, max_], "data set", "Alpha", "Beta", "Gamma", "Delta", "Omega")
    own([max_], "notebook", "Diary", access=Resource.Access.PRIVATE)
    shown = words_of(look(stage, olga, ben, max_))
    assert "What they own stays, and is nobody's unless you name a new owner." in shown
    assert "They own data set (5): Alpha, Beta, Delta and 2 more" in shown
    assert "They own notebook (1)" in shown
    assert "Diary" not in shown
    assert "New owner" in shown
    # Only what those own who will go: the owner of the organization stays.
    own([stage.member(stage.acme.olga)], "model", "Olga's")
    assert "model (1)" not in words_of(look(stage, olga, ben, stage.member(stage.acme.olga)))


@pytest.mark.row("I40", "I51")
def test_what_they_own_goes_to_the_heir_who_is_named(stage: Stage, olga: Client) -> None:
    ben, max_, lena = stage.member(stage.acme.ben), stage.member(stage.max), stage.member(stage.lena)
    own([ben, max_], "data set", "Alpha", "Beta")
    shown = look(stage, olga, ben, max_)
    wrong = press(stage, olga, shown, heir="nobody@acme.example")
    assert wrong.status_code == 422
    assert "Nobody here has this address." in words_of(wrong)
    goes = press(stage, olga, shown, heir=max_.address)
    assert goes.status_code == 422
    assert "Choose an active member who stays." in words_of(goes)
    assert still_there(stage, ben, max_) == 2
    assert press(stage, olga, shown, heir=lena.address).status_code == 303
    assert still_there(stage, ben, max_) == 0
    assert set(Resource.objects.filter(kind="data set").values_list("owner", flat=True)) == {lena.pk}
    moved = cast.history(stage.acme.organization, "resource.transferred")[-2:]
    assert [said.subject for said in moved] == [lena.pk, lena.pk]


def test_nobody_who_goes_inherits(stage: Stage) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    with cast.refused(422, "unfit_heir"):
        members.remove_members(
            actor=cast.web(stage.acme.olga),
            organization_id=stage.acme.id,
            chosen=cast.chosen(ben, max_),
            heir_id=max_.pk,
        )


def test_many_hundreds_cost_the_preview_no_more_than_a_few_and_hand_over_by_a_worker(
    stage: Stage, olga: Client
) -> None:
    ids = crowd(stage, [(f"p{n}@crowd.example", f"Person {n:03}") for n in range(520)])
    people = list(stage.acme.organization.members.filter(pk__in=ids).order_by("pk"))
    own(people, "data set", *(f"Set {n:04}" for n in range(1040)))
    for number in range(7):
        own(people[:5], f"kind {number}", "One", "Two")

    def queries(*some: Member) -> int:
        look(stage, olga, *some)
        with CaptureQueriesContext(connection) as captured:
            shown = look(stage, olga, *some)
        assert "What they own stays" in words_of(shown)
        return len(captured)

    assert queries(*people) == queries(*people[5:8])
    shown = look(stage, olga, *people)
    assert "They own data set (1,040): Set 0000, Set 0001, Set 0002 and 1,037 more" in words_of(shown)
    assert press(stage, olga, shown, heir=stage.acme.olga.email).status_code == 303
    work_off()
    assert still_there(stage, *people) == 0
    assert set(Resource.objects.exclude(name="Churn").values_list("owner", flat=True)) == {
        stage.member(stage.acme.olga).pk
    }


# --- asked before it is done


@pytest.mark.row("I40")
@pytest.mark.claim("P13")
def test_a_plain_post_is_asked_with_all_consequences_before_anybody_goes(stage: Stage, olga: Client) -> None:
    acme = stage.acme
    cast.invite(acme.priya, acme.organization, "plain@new.example")
    priya, ben = stage.member(acme.priya), stage.member(acme.ben)
    own([ben], "data set", "Alpha")
    asked = olga.post(stage.url("members/bulk/remove/apply/"), {"member": [priya.pk, ben.pk]})
    assert asked.status_code == 422
    words = words_of(asked)
    assert "2 will change" in words
    assert "1 open invitation that they sent is revoked." in words
    assert "They own data set (1): Alpha" in words
    assert still_there(stage, priya, ben) == 2
    assert press(stage, olga, asked).status_code == 303
    assert still_there(stage, priya, ben) == 0
    assert Invitation.objects.get(address="plain@new.example").revoked_at is not None


@pytest.mark.claim("P13")
def test_a_successor_named_without_a_preview_is_asked_about_once_more(stage: Stage, olga: Client) -> None:
    acme = stage.acme
    cast.invite(acme.priya, acme.organization, "plain@new.example", role=BuiltIn.GUEST)
    cast.invite(acme.priya, acme.organization, "admin@new.example", role=BuiltIn.ADMIN)
    priya = stage.member(acme.priya)
    again = press(stage, olga, look(stage, olga, priya), successor=acme.olga.email)
    assert again.status_code == 422
    assert "2 open invitations that they sent are handed over." in words_of(again)
    assert still_there(stage, priya) == 1
    assert press(stage, olga, again, successor=acme.olga.email).status_code == 303
    assert still_there(stage, priya) == 0


def test_whom_one_may_not_remove_needs_no_question(stage: Stage) -> None:
    refused = visitor(stage.lena).post(
        stage.url("members/bulk/remove/apply/"), {"member": stage.member(stage.acme.mia).pk}
    )
    assert refused.status_code == 403
