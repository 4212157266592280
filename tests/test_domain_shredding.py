"""What is left of people and of organizations that are gone: no name, no address, no word beside the history."""

import pytest
from allauth.account.models import EmailAddress

from accounts import actions as people
from accounts.models import User
from invitations.actions import answering, keeping
from invitations.models import Invitation, Unsubscribed
from invitations.tables import asked_by
from tests import cast
from tests.cast import Acme, northlab, web
from workspaces.actions import members, merging, organizations
from workspaces.models import Act, Departure, Label, Member, Organization

pytestmark = pytest.mark.django_db


def own(user: User, address: str) -> None:
    EmailAddress.objects.create(user=user, email=address, verified=True)


def texts(*parts: str) -> set[str]:
    """Labels that hold one of the parts."""
    return {
        text for text in Label.objects.values_list("text", flat=True) if any(part in text.lower() for part in parts)
    }


def decline(user: User, invitation: Invitation, word: str) -> None:
    answering.decline(actor=web(user), invitation_id=invitation.pk, generation=invitation.generation, word=word)


@pytest.mark.claim("P13", "P21")
def test_whoever_deletes_their_account_takes_every_label_along_in_every_organization(world: Acme) -> None:
    ben, north = world.ben, northlab()
    # Removed from Northlab long ago, and asked in there once more at another address, which they declined with a word.
    gone = cast.join(north.zoe, north.organization, ben)
    members.remove_members(actor=web(north.zoe), organization_id=north.id, chosen=cast.chosen(gone))
    decline(ben, cast.invite(north.zoe, north.organization, "benno@home.example"), "Not after all that, Zoe")
    # In Acme a second place of theirs was merged, a third was revoked, and a fourth waits at a corrected address.
    second = cast.invite(world.olga, world.organization, "ben@two.example").member
    assert second is not None
    merging.merge_members(
        actor=web(world.olga), organization_id=world.id, member_id=second.pk, into_id=world.member(ben).pk
    )
    third = cast.invite(world.olga, world.organization, "ben@three.example").member
    assert third is not None
    members.revoke_invitations(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(third))
    fourth = cast.invite(world.olga, world.organization, "bne@home.example").member
    assert fourth is not None
    keeping.correct_address(
        actor=web(world.olga), organization_id=world.id, member_id=fourth.pk, address="benno@home.example"
    )
    theirs = ("ben", "bne", "not after all")
    assert len(texts(*theirs)) >= 6
    for address in ("benno@home.example", "ben@two.example", "ben@three.example"):
        own(ben, address)
    acts = Act.objects.count()
    people.delete_account(actor=web(ben))
    assert texts(*theirs) == set()
    assert not Departure.objects.filter(name__startswith="Ben").exists()
    assert not Invitation.objects.exclude(decline_word="").exists()
    assert Act.objects.count() > acts  # the history itself stays


def test_the_labels_of_others_stay(world: Acme) -> None:
    own(world.ben, "benno@home.example")
    tom = world.member(world.tom)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(tom))
    others = cast.invite(world.olga, world.organization, "stranger@x.example", message="Join us")
    decline(world.ben, others, "A word of somebody else")
    people.delete_account(actor=web(world.ben))
    assert "Tom Guest" in texts("tom")
    assert "A word of somebody else" in texts("a word")
    others.refresh_from_db()
    assert (others.decline_word, others.inviter_name, others.message) == (
        "A word of somebody else",
        "Olga Owner",
        "Join us",
    )


@pytest.mark.claim("P13")
def test_whoever_asked_people_in_takes_name_and_message_along_and_the_invitations_say_so(world: Acme) -> None:
    nora = cast.person("nora@new.example", "Nora New")
    asked = cast.invite(world.priya, world.organization, nora.email, message="Come, says Priya")
    cast.accept(nora, asked)
    people.block_account(actor=cast.support(cast.staff_person()), user_id=world.priya.pk)
    asked.refresh_from_db()
    assert (asked.inviter_name, asked.message) == ("Priya Admin", "Come, says Priya")
    people.unblock_account(actor=cast.support(cast.staff_person("sam2@support.example")), user_id=world.priya.pk)
    people.delete_account(actor=web(world.priya))
    asked.refresh_from_db()
    assert (asked.inviter, asked.inviter_name, asked.message) == (None, "", "")
    assert asked_by(asked) == "Deleted account"


def test_an_organization_that_ends_takes_along_who_wanted_no_reminders_from_it(world: Acme) -> None:
    north = northlab()
    for organization in (world.organization, north.organization):
        Unsubscribed.objects.create(organization=organization, address="nora@new.example")
    organizations.delete_organization(actor=web(world.olga), organization_id=world.id, confirmed_name="Acme")
    assert list(Unsubscribed.objects.values_list("organization", flat=True)) == [north.id]
    assert not Organization.objects.filter(pk=world.id).exists()
    assert not Member.objects.filter(organization=world.id).exists()
