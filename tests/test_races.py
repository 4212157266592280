"""Races with real commits: everybody waits at a barrier, then all do it at once (ACCEPTANCE P26). On both databases.

Whatever the order in which the organization's lock lets them through, the result has to be one that single acts in some
order give.
"""

from collections import Counter

import pytest
from allauth.account.models import EmailAddress

from accounts.models import OutgoingMail, User
from invitations.actions import keeping
from invitations.models import Invitation
from tests import cast, racing
from tests.naive import read_model
from tests.racing import (
    FEW,
    ROUNDS,
    Acme,
    accept,
    ask_in,
    at_once,
    block,
    correct,
    delete,
    delete_account,
    found,
    give_role,
    leave,
    newcomer,
    remove,
    rename_often,
    resend,
    revoke,
    suspend,
    take_over,
)
from workspaces.actions import organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Act, Activity, Departure, Directory, Member, Organization

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.claim("P26"),
]

acme = racing.acme  # a fixture


@pytest.fixture
def orphans(acme: Acme) -> tuple[Organization, User, User]:
    """Priya and Ada alone: the owner's account was ended past every action, and so was her name in the workspace."""
    organization, olga, priya, ada = acme
    cast.place(
        olga, cast.member_of(organization, priya), organization.workspaces.get(slug="default"), BuiltIn.STANDARD_ADMIN
    )
    cast.place(
        olga, cast.member_of(organization, ada), organization.workspaces.get(slug="default"), BuiltIn.STANDARD_ADMIN
    )
    User.objects.filter(pk=olga.pk).update(is_active=False)
    return organization, priya, ada


def both_admin(organization: Organization, *users: User) -> None:
    organization.members.filter(user__in=users).update(role_id=BuiltIn.ADMIN)


# --- the last admin


@pytest.mark.claim("P11")
def test_two_admins_who_demote_each_other_leave_one(orphans: tuple[Organization, User, User]) -> None:
    organization, priya, ada = orphans
    for _ in range(ROUNDS):
        both_admin(organization, priya, ada)
        outcomes = at_once(give_role(priya, organization, ada), give_role(ada, organization, priya))
        # Whoever comes second is no Admin any more.
        assert sorted(outcomes) == ["done", "no_right"]
        assert len(read_model().organization_admins(organization.pk)) == 1
    assert Act.objects.filter(kind="member.role_changed").count() == ROUNDS


@pytest.mark.claim("P11")
def test_admins_who_all_step_down_at_once_leave_one(orphans: tuple[Organization, User, User]) -> None:
    organization, priya, ada = orphans
    for _ in range(ROUNDS):
        both_admin(organization, priya, ada)
        outcomes = at_once(give_role(priya, organization, priya), give_role(ada, organization, ada))
        assert sorted(outcomes) == ["done", "last_organization_admin"]
        assert len(read_model().organization_admins(organization.pk)) == 1


@pytest.mark.claim("P11")
def test_leaving_against_stepping_down_leaves_one(orphans: tuple[Organization, User, User]) -> None:
    organization, priya, ada = orphans
    for _ in range(FEW):
        both_admin(organization, priya, ada)
        if not organization.members.filter(user=ada).exists():
            cast.join(priya, organization, ada, role=BuiltIn.ADMIN)
        OutgoingMail.objects.all().delete()  # or the day's limit of mails ends the rounds
        outcomes = at_once(leave(ada, organization), give_role(priya, organization, priya))
        assert sorted(outcomes) == ["done", "last_organization_admin"]
        assert len(read_model().organization_admins(organization.pk)) == 1


@pytest.mark.claim("P11")
@pytest.mark.row("N20")
def test_the_two_admins_of_a_workspace_do_not_both_go(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    for number in range(FEW):
        lab = cast.workspace_in(organization, f"Lab {number}")
        pair = [newcomer(number, name) for name in ("mia", "ben")]
        for user in pair:
            cast.place(olga, cast.join(olga, organization, user), lab, BuiltIn.STANDARD_ADMIN)
        acts = [
            (leave(pair[0], organization), suspend(priya, organization, pair[1])),
            (suspend(priya, organization, pair[0]), give_role(ada, organization, pair[1], BuiltIn.GUEST)),
            (
                remove(ada, organization, cast.member_of(organization, pair[0])),
                remove(priya, organization, cast.member_of(organization, pair[1])),
            ),
        ][number % 3]
        assert sorted(at_once(*acts)) == ["done", "last_workspace_admin"]
        assert len(read_model().workspace_admins(lab.pk)) == 1


@pytest.mark.claim("P11", "P14")
def test_a_block_of_one_admin_against_the_other_stepping_down(orphans: tuple[Organization, User, User]) -> None:
    organization, priya, ada = orphans
    sam = cast.support(cast.staff_person())
    for _ in range(FEW):
        both_admin(organization, priya, ada)
        User.objects.filter(pk=ada.pk).update(is_active=True)
        outcomes = at_once(block(sam, ada), give_role(priya, organization, priya))
        assert sorted(outcomes) in (["done", "indispensable"], ["done", "last_organization_admin"])
        assert len(read_model().organization_admins(organization.pk)) == 1


# --- one invitation


@pytest.mark.claim("P5", "P9")
def test_one_token_in_fifty_hands_lets_one_in(acme: Acme) -> None:
    organization, olga, *_ = acme
    ivy = newcomer(1)
    invitation = cast.invite(olga, organization, ivy.email)
    outcomes = Counter(at_once(*[accept(ivy, invitation)] * 50))
    assert outcomes["done"] == 1
    assert set(outcomes) <= {"done", "accepted", "busy"}
    member = organization.members.get(user=ivy)
    assert cast.history(organization, "invitation.accepted")[-1].subject == member.pk
    assert Act.objects.filter(kind="invitation.accepted").count() == 3


@pytest.mark.claim("P9")
def test_accepting_against_revoking_is_one_or_the_other(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        ivy = newcomer(number)
        invitation = cast.invite(olga, organization, ivy.email)
        waiting = organization.members.get(address=ivy.email)
        accepted, revoked = at_once(accept(ivy, invitation), revoke(priya, waiting))
        invitation.refresh_from_db()
        assert (accepted, revoked) in {("done", "joined"), ("revoked", "done")}
        assert (invitation.accepted_at is None) == (invitation.revoked_at is not None) == (accepted != "done")
        assert organization.members.filter(user=ivy).exists() == (accepted == "done")
        assert Departure.objects.filter(address=ivy.email).exists() == (accepted != "done")


@pytest.mark.claim("P5", "P9")
def test_accepting_against_resending_or_correcting_uses_the_old_link_or_none(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        ivy = newcomer(number)
        invitation = cast.invite(olga, organization, ivy.email)
        waiting = organization.members.get(address=ivy.email)
        again = correct(priya, waiting, f"new{number}@acme.example") if number % 2 else resend(priya, waiting)
        accepted, renewed = at_once(accept(ivy, invitation), again)
        invitation.refresh_from_db()
        assert (accepted, renewed) in {("done", "joined"), ("replaced", "done")}
        assert (invitation.generation == 1) == (accepted == "done") == (invitation.accepted_at is not None)


@pytest.mark.claim("P10", "P13")
def test_accepting_against_the_removal_of_the_inviter(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        kim, ivy = newcomer(number, "kim"), newcomer(number)
        inviter = cast.join(olga, organization, kim, role=BuiltIn.ADMIN)
        invitation = cast.invite(kim, organization, ivy.email, role=BuiltIn.ADMIN)
        accepted, removed = at_once(accept(ivy, invitation), remove(olga, organization, inviter))
        assert removed == "done"
        assert accepted in {"done", "revoked"}
        assert organization.members.filter(user=ivy, role_id=BuiltIn.ADMIN).exists() == (accepted == "done")
        assert not organization.members.filter(joined_at=None).exists()


@pytest.mark.claim("P13")
def test_taking_another_name_against_being_removed_leaves_nothing_behind(acme: Acme) -> None:
    organization, olga, *_ = acme
    ben = newcomer(1, "ben")
    for _ in range(FEW):
        member = cast.join(olga, organization, ben)
        OutgoingMail.objects.all().delete()  # or the day's limit of mails ends the rounds
        assert at_once(remove(olga, organization, member), rename_often(ben)) == ["done", "done"]
        for rows in (Directory, Activity):
            assert not rows.objects.filter(member_id=member.pk).exists()


@pytest.mark.claim("P10")
def test_accepting_against_the_inviters_demotion_gives_all_or_what_is_left(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        both_admin(organization, priya)
        ivy = newcomer(number)
        invitation = cast.invite(priya, organization, ivy.email, role=BuiltIn.ADMIN)
        assert at_once(accept(ivy, invitation), give_role(olga, organization, priya)) == ["done", "done"]
        member = organization.members.get(user=ivy)
        demoted = Act.objects.filter(kind="member.role_changed").latest("pk").pk
        joined = Act.objects.filter(kind="invitation.accepted").latest("pk").pk
        assert member.role_id == (BuiltIn.ADMIN if joined < demoted else BuiltIn.MEMBER)


@pytest.mark.claim("P9")
def test_two_invitations_to_one_person_accepted_at_once_make_one_member(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        ivy = newcomer(number)
        EmailAddress.objects.create(user=ivy, email=f"ivy{number}@home.example", verified=True)
        pair = [cast.invite(olga, organization, address) for address in (ivy.email, f"ivy{number}@home.example")]
        assert at_once(*(accept(ivy, each) for each in pair)) == ["done", "done"]
        assert organization.members.filter(user=ivy).count() == 1
        assert not organization.members.filter(joined_at=None).exists()
        assert Invitation.objects.filter(accepted_by=ivy).count() == 2


@pytest.mark.claim("P9")
def test_two_admins_who_ask_the_same_person_in_make_one_invitation(acme: Acme) -> None:
    organization, olga, priya, _ = acme
    for number in range(FEW):
        address = f"ivy{number}@acme.example"
        outcomes = at_once(*(ask_in(by, organization, address) for by in (olga, priya)))
        assert sorted(outcomes) == ["invited", "renewed"]
        invitation = cast.open_invitation(organization, address)
        assert invitation.generation == 2
        assert OutgoingMail.objects.filter(kind="invitation", subject_id=invitation.pk).count() == 2


@pytest.mark.claim("P8", "P21")
def test_two_sweeps_write_each_expiry_once(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        for name in ("ivy", "kim", "leo"):
            cast.expire(cast.invite(olga, organization, f"{name}{number}@acme.example"))
        assert at_once(keeping.expire_invitations, keeping.expire_invitations) == ["done", "done"]
        assert len(cast.history(organization, "invitation.expired")) == 3 * (number + 1)


# --- the organization and the account


@pytest.mark.row("D17")
def test_taking_over_the_ownership_against_being_suspended(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    default = organization.workspaces.get(slug="default")
    cast.place(olga, cast.member_of(organization, ada), default, BuiltIn.STANDARD_ADMIN)
    for _ in range(FEW):
        owner, successor = (olga, priya) if organization.owner == cast.member_of(organization, olga) else (priya, olga)
        organizations.offer_transfer(
            actor=cast.web(owner),
            organization_id=organization.pk,
            successor_id=cast.member_of(organization, successor).pk,
        )
        taken, suspended = at_once(take_over(successor, organization), suspend(ada, organization, successor))
        organization.refresh_from_db()
        assert (taken, suspended) in {("done", "owner"), ("not_active", "done")}
        now = cast.member_of(organization, successor)
        assert (organization.owner == now) == (taken == "done") == (now.suspended_at is None)
        organization.members.update(suspended_at=None)


def test_accepting_against_the_deletion_of_the_organization(acme: Acme) -> None:
    _, olga, *_ = acme
    for number in range(FEW):
        ivy, organization = newcomer(number), cast.found(olga, "Short-lived")
        invitation = cast.invite(olga, organization, ivy.email)
        accepted, deleted = at_once(accept(ivy, invitation), delete(olga, organization))
        assert deleted == "done"
        assert accepted in {"done", "gone"}
        assert not Member.objects.filter(user=ivy).exists()


def test_accepting_against_the_deletion_of_ones_account(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        ivy = newcomer(number)
        invitation = cast.invite(olga, organization, ivy.email)
        accepted, deleted = at_once(accept(ivy, invitation), delete_account(ivy))
        assert deleted == "done"
        assert accepted in {"done", "wrong_account"}
        assert not User.objects.filter(pk=ivy.pk).exists()
        assert organization.members.filter(address=ivy.email).exists() == (accepted != "done")


def test_organizations_of_one_name_founded_at_once_get_addresses_of_their_own(acme: Acme) -> None:
    _, olga, priya, ada = acme
    for _ in range(FEW):
        outcomes = at_once(*(found(by, "Twins") for by in (olga, priya, ada)))
        assert outcomes == ["done"] * 3
