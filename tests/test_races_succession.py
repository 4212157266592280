"""Races about the open invitations of somebody who is removed: the hand-over against what else happens (P26, P13)."""

from collections.abc import Callable

import pytest

from accounts.models import User
from invitations.models import Invitation
from tests import cast, racing
from tests.racing import FEW, Acme, accept, at_once, give_role, newcomer, remove, revoke
from workspaces.actions import members
from workspaces.catalogue import BuiltIn
from workspaces.models import Member, Organization
from workspaces.plans import Outcome

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26", "P13")]

acme = racing.acme  # a fixture


def hand_over(by: User, organization: Organization, leaving: User, heir: User) -> Callable[[], Outcome]:
    """Removes somebody, whose open invitations go to the heir."""
    chosen, successor = cast.chosen(cast.member_of(organization, leaving)), cast.member_of(organization, heir).pk
    return lambda: members.remove_members(
        actor=cast.web(by), organization_id=organization.pk, chosen=chosen, successor_id=successor
    )


def leave_to(leaving: User, organization: Organization, heir: User) -> Callable[[], None]:
    successor = cast.member_of(organization, heir).pk
    return lambda: members.leave(actor=cast.web(leaving), organization_id=organization.pk, successor_id=successor)


def joined_as(by: User, organization: Organization, name: str, number: int, role: int = BuiltIn.ADMIN) -> User:
    user = newcomer(number, name)
    cast.join(by, organization, user, role=role)
    return user


def fresh(invitation: Invitation) -> Invitation:
    return Invitation.objects.get(pk=invitation.pk)


def insist_on_inviters(organization: Organization) -> None:
    """Whoever answers for an open invitation is a member, and each has its one waiting member."""
    open_ones = Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None)
    for invitation in open_ones:
        assert organization.members.effective().filter(user=invitation.inviter_id).exists(), invitation.address
        assert Member.objects.get(invitation=invitation).invited_by_id == invitation.inviter_id
    assert organization.members.filter(joined_at=None).count() == open_ones.count()


def handed_over(organization: Organization) -> int:
    return len(cast.history(organization, "invitation.handed_over"))


def test_accepting_while_the_invitation_passes_to_an_heir_joins_by_the_one_or_the_other(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    passed = 0
    for number in range(FEW):
        kim, ivy = joined_as(olga, organization, "kim", number), newcomer(number)
        invitation = cast.invite(kim, organization, ivy.email, role=BuiltIn.ADMIN)
        assert at_once(accept(ivy, invitation), hand_over(olga, organization, kim, priya)) == ["done", "done"]
        # The heir holds what was promised: nothing is left out, whoever came first.
        assert organization.members.get(user=ivy).role_id == BuiltIn.ADMIN
        came_before = handed_over(organization) == passed
        passed = handed_over(organization)
        assert fresh(invitation).inviter_id == (kim.pk if came_before else priya.pk)
        insist_on_inviters(organization)


def test_an_invitation_that_is_revoked_while_it_passes_to_an_heir_stays_revoked(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    for number in range(FEW):
        kim, ivy = joined_as(olga, organization, "kim", number), newcomer(number)
        invitation = cast.invite(kim, organization, ivy.email)
        waiting = organization.members.get(address=ivy.email)
        assert at_once(revoke(ada, waiting), hand_over(olga, organization, kim, priya)) == ["done", "done"]
        assert fresh(invitation).revoked_at is not None
        assert not organization.members.filter(address=ivy.email).exists()
        assert len(cast.history(organization, "invitation.revoked")) == number + 1
        insist_on_inviters(organization)


def test_an_heir_who_is_removed_at_the_same_moment_gets_nothing_or_loses_it_again(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        kim, hal = (joined_as(olga, organization, name, number) for name in ("kim", "hal"))
        invitation = cast.invite(kim, organization, newcomer(number).email)
        passed, removed = at_once(
            hand_over(olga, organization, kim, hal), remove(priya, organization, cast.member_of(organization, hal))
        )
        assert (passed, removed) in {("done", "done"), ("unfit_heir", "done")}
        assert (fresh(invitation).revoked_at is not None) == (passed == "done")
        assert organization.members.filter(user=kim).exists() == (passed == "unfit_heir")
        insist_on_inviters(organization)


@pytest.mark.claim("P10")
def test_an_heir_who_is_demoted_at_the_same_moment_passes_on_no_more_than_they_hold(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        kim, hal = (joined_as(olga, organization, name, number) for name in ("kim", "hal"))
        ivy = newcomer(number)
        invitation = cast.invite(kim, organization, ivy.email, role=BuiltIn.ADMIN)
        passing = hand_over(olga, organization, kim, hal)
        assert at_once(passing, give_role(priya, organization, hal)) == ["done", "done"]
        insist_on_inviters(organization)
        came_before = fresh(invitation).revoked_at is None
        assert at_once(accept(ivy, invitation)) == ["done" if came_before else "revoked"]
        assert not organization.members.filter(user=ivy, role_id=BuiltIn.ADMIN).exists()


def test_two_who_leave_at_once_and_name_each_other_cannot_both_go(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        pair = [joined_as(olga, organization, name, number) for name in ("kim", "hal")]
        theirs = [cast.invite(user, organization, f"{user.pk}@new.example") for user in pair]
        outcomes = at_once(leave_to(pair[0], organization, pair[1]), leave_to(pair[1], organization, pair[0]))
        assert sorted(outcomes) == ["done", "unfit_heir"]
        stays = pair[outcomes.index("unfit_heir")]
        assert {fresh(invitation).inviter_id for invitation in theirs} == {stays.pk}
        insist_on_inviters(organization)
