"""What becomes of whoever was asked in, until they answer: a new link, the way back, another address, the end."""

import pytest
from django.http import Http404

from accounts.actors import ROSTER
from accounts.models import User
from invitations.actions import answering, keeping
from invitations.models import Invitation
from invitations.policy import State
from tests.cast import (
    Acme,
    Said,
    accept,
    chosen,
    custom_role,
    expire,
    history,
    invite,
    join,
    member_of,
    open_invitation,
    person,
    refused,
    staff_person,
    support,
    web,
)
from tests.waiting import mails, resend, state_now, waiting
from workspaces.actions import members, organizations
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Act, Label, Member
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


# --- resending


@pytest.mark.row("I33", "A22")
@pytest.mark.claim("P5", "P9")
def test_resending_makes_a_new_link_and_kills_the_former_one(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivy@acme.example", days=1)
    former = Invitation.objects.get(pk=invitation.pk)
    assert resend(world.priya, waiting(invitation)).changed == 1
    invitation.refresh_from_db()
    assert invitation.generation == 2
    assert invitation.expires_at > former.expires_at
    assert mails(invitation) == [("ivy@acme.example", 1), ("ivy@acme.example", 2)]
    assert invitation.inviter == world.olga
    ivy = person("ivy@acme.example", "Ivy")
    with refused(409, "replaced"):
        accept(ivy, former)
    accept(ivy, invitation)


@pytest.mark.claim("P9")
def test_resending_works_from_every_open_state_and_from_no_final_one(world: Acme) -> None:
    one, two, three = (invite(world.olga, world.organization, f"p{number}@acme.example") for number in range(3))
    expire(one)
    keeping.expire_invitations()
    answering.decline(actor=ROSTER, invitation_id=two.pk, generation=1)
    assert [state_now(each) for each in (one, two, three)] == [State.EXPIRED, State.DECLINED, State.PENDING]
    assert resend(world.olga, *(waiting(each) for each in (one, two, three))).changed == 3
    for each in (one, two, three):
        each.refresh_from_db()
        assert state_now(each) is State.PENDING
        assert each.expiry_recorded_at is None
        member = waiting(each)
        assert (member.declined_at, member.invited_until) == (None, each.expires_at)
    assert len({act.pk for act in Act.objects.filter(kind="invitation.renewed")}) == 1
    joined = member_of(world.organization, world.mia)
    with refused(409, Reason.JOINED):
        resend(world.olga, joined).insist()


@pytest.mark.claim("P10", "P22")
def test_whoever_may_not_invite_does_not_resend_and_support_staff_may(world: Acme) -> None:
    inviter = custom_role(world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE)
    ada = join(world.olga, world.organization, person("ada@acme.example", "Ada"), role=inviter.pk)
    boss = waiting(invite(world.olga, world.organization, "boss@acme.example", role=BuiltIn.ADMIN))
    with refused(403, Reason.HOLDS_MORE):
        resend(ada.user, boss).insist()
    with refused(403, Reason.NO_RIGHT):
        resend(world.ben, boss).insist()
    sam = staff_person()
    assert keeping.resend(actor=support(sam), organization_id=world.id, chosen=chosen(boss)).changed == 1
    assert Act.objects.latest("pk").source == "admin"


# --- revoking


@pytest.mark.claim("P9", "P23")
def test_revoking_takes_the_waiting_person_out_for_good(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivy@acme.example")
    member = waiting(invitation)
    outcome = members.revoke_invitations(actor=web(world.priya), organization_id=world.id, chosen=chosen(member))
    assert outcome.changed == 1
    invitation.refresh_from_db()
    assert state_now(invitation) is State.REVOKED
    assert not Member.objects.filter(pk=member.pk).exists()
    assert history(world.organization, "invitation.revoked") == [
        Said("invitation.revoked", member.pk, None, "Invited", "")
    ]
    ivy = person("ivy@acme.example", "Ivy")
    with refused(409, "revoked"):
        accept(ivy, invitation)
    # They come back by a new invitation, and the revoked one stays revoked.
    again = invite(world.olga, world.organization, "ivy@acme.example")
    assert again.pk != invitation.pk
    accept(ivy, again)
    with refused(409, "revoked"):
        accept(ivy, invitation)


def test_who_has_joined_is_not_revoked(world: Acme) -> None:
    with refused(409, Reason.JOINED):
        members.revoke_invitations(
            actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben))
        ).insist()


# --- correcting the address


@pytest.mark.claim("P5", "P21", "P9")
def test_correcting_the_address_sends_the_invitation_elsewhere_and_kills_the_link(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivi@acme.example")
    former = Invitation.objects.get(pk=invitation.pk)
    member = waiting(invitation)
    keeping.correct_address(
        actor=web(world.priya), organization_id=world.id, member_id=member.pk, address=" Ivy@Acme.Example "
    )
    invitation.refresh_from_db()
    member.refresh_from_db()
    assert (invitation.address, member.address, member.directory.address) == ("ivy@acme.example",) * 3
    assert "ivy@acme.example" in member.directory.search_text
    assert mails(invitation)[-1] == ("ivy@acme.example", 2)
    act = Act.objects.get(kind="invitation.readdressed")
    assert dict(Label.objects.filter(object_id=act.pk).values_list("kind", "text")) == {
        "before": "ivi@acme.example",
        "after": "ivy@acme.example",
    }
    with refused(409, "replaced"):
        accept(person("ivi@acme.example", "Ivi"), former)
    with refused(403, "wrong_account"):
        accept(User.objects.get(email="ivi@acme.example"), invitation)
    accept(person("ivy@acme.example", "Ivy"), invitation)


def test_an_address_is_not_corrected_to_what_cannot_be_asked_in(world: Acme) -> None:
    member = waiting(invite(world.olga, world.organization, "ivy@acme.example"))
    invite(world.olga, world.organization, "kim@acme.example")

    def correct(address: str, member_id: int = member.pk) -> None:
        keeping.correct_address(actor=web(world.olga), organization_id=world.id, member_id=member_id, address=address)

    for address, status, code in (
        ("nobody", 422, "invalid_address"),
        ("mia@acme.example", 409, "address_known"),
        ("kim@acme.example", 409, "address_known"),
    ):
        with refused(status, code):
            correct(address)
    correct("IVY@acme.example")
    assert open_invitation(world.organization, "ivy@acme.example").generation == 1
    with refused(409, Reason.JOINED):
        correct("new@acme.example", world.member(world.ben).pk)
    with pytest.raises(Http404):
        correct("new@acme.example", 999_999)


# --- expiring


@pytest.mark.claim("P8", "P21")
def test_expiry_stands_in_the_history_once_and_validity_never_waits_for_it(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivy@acme.example")
    other = invite(world.olga, world.organization, "kim@acme.example")
    assert keeping.expire_invitations() == 0
    expire(invitation)
    ivy = person("ivy@acme.example", "Ivy")
    with refused(409, "expired"):
        accept(ivy, invitation)
    assert keeping.expire_invitations() == 1
    assert keeping.expire_invitations() == 0
    assert history(world.organization, "invitation.expired") == [
        Said("invitation.expired", waiting(invitation).pk, None, "Pending", "Expired")
    ]
    assert Act.objects.get(kind="invitation.expired").actor_id is None
    resend(world.olga, waiting(invitation))
    expire(invitation)
    assert keeping.expire_invitations() == 1
    assert state_now(other) is State.PENDING


@pytest.mark.claim("P8")
def test_an_invitation_lives_seven_days_unless_the_organization_or_the_ask_says_otherwise(world: Acme) -> None:
    def life(address: str, days: int | None = None) -> int:
        found = invite(world.olga, world.organization, address, days=days)
        return (found.expires_at - found.sent_at).days

    assert life("a@acme.example") == 7
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, invitation_days=30)
    assert life("b@acme.example") == 30
    assert life("c@acme.example", 1) == 1
