"""The rules, without a database: who may do what to whom, and which admins have to stay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Code, Scope
from workspaces.policy import (
    ALLOWED,
    ActorFacts,
    Decision,
    GrantFacts,
    GroupFacts,
    MemberFacts,
    OrganizationFacts,
    RoleFacts,
    State,
    Verb,
    WorkspaceFacts,
    decide,
    keep_last_admins,
)
from workspaces.reasons import SENTENCES, Reason, Refused

pytestmark = pytest.mark.once


def built_in(role: BuiltIn) -> RoleFacts:
    return RoleFacts(role, BUILT_IN_ROLES[role].permissions)


GUEST, MEMBER, ADMIN = (built_in(role) for role in (BuiltIn.GUEST, BuiltIn.MEMBER, BuiltIn.ADMIN))
EVERY_CODE = frozenset(PERMISSIONS)
HERE = WorkspaceFacts(BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions)
NOWHERE = WorkspaceFacts(frozenset())
EDITOR = built_in(BuiltIn.STANDARD_EDITOR)
TEAM = GroupFacts(is_managed=False, carries_more=False)


def actor(*codes: str, **facts: bool) -> ActorFacts:
    """An active member who holds exactly these permissions and is fresh, unless the facts say otherwise."""
    return replace(ActorFacts(1, 1, frozenset(codes), is_active=True, is_fresh=True), **facts)


def admin(**facts: bool) -> ActorFacts:
    return actor(*ADMIN.permissions, **facts)


def member(role: RoleFacts = MEMBER, state: State = State.JOINED, **facts: bool) -> MemberFacts:
    return MemberFacts(state, role.id, role.permissions, **facts)


SUPPORT = ActorFacts(user_id=9, is_support=True, is_fresh=True)
STRANGER = ActorFacts(user_id=7)

# Which one permission each verb asks for, where one permission is all.
NEEDS = {
    Verb.VIEW_HISTORY: Code.HISTORY_VIEW,
    Verb.INVITE: Code.MEMBERS_INVITE,
    Verb.RESEND: Code.MEMBERS_INVITE,
    Verb.REVOKE: Code.MEMBERS_INVITE,
    Verb.EDIT_INVITATION: Code.MEMBERS_INVITE,
    Verb.UPDATE_ROLE: Code.MEMBERS_ORG_MANAGE,
    Verb.SUSPEND: Code.MEMBERS_ORG_MANAGE,
    Verb.REACTIVATE: Code.MEMBERS_ORG_MANAGE,
    Verb.REMOVE: Code.MEMBERS_ORG_MANAGE,
    Verb.CHANGE_SETTINGS: Code.ORGANIZATION_MANAGE,
    Verb.ADD_TO_GROUP: Code.GROUPS_MANAGE,
}
OWNERS_ONLY = {Verb.DELETE_ORGANIZATION, Verb.OFFER_TRANSFER, Verb.WITHDRAW_TRANSFER}
SUPPORT_MAY = {Verb.RESEND, Verb.REVOKE, Verb.SUSPEND, Verb.OFFER_TRANSFER, Verb.CHANGE_LIMITS}
FITTING_STATE = {
    Verb.RESEND: State.WAITING,
    Verb.REVOKE: State.WAITING,
    Verb.EDIT_INVITATION: State.WAITING,
    Verb.REACTIVATE: State.SUSPENDED,
}
ABOUT_MEMBERS = {
    Verb.RESEND, Verb.REVOKE, Verb.EDIT_INVITATION, Verb.UPDATE_ROLE, Verb.SUSPEND, Verb.REACTIVATE, Verb.REMOVE,
}  # fmt: skip


# --- rights


@pytest.mark.claim("P10")
@pytest.mark.parametrize(("verb", "code"), NEEDS.items())
def test_each_act_needs_its_one_permission_and_no_other(verb: Verb, code: str) -> None:
    guest = member(GUEST, FITTING_STATE.get(verb, State.JOINED)) if verb in ABOUT_MEMBERS else None
    assert decide(actor(code), verb, guest) == ALLOWED
    for verdict in (decide(actor(*(EVERY_CODE - {code})), verb, guest), decide(actor(), verb)):
        assert verdict == Decision(Reason.NO_RIGHT)


@pytest.mark.claim("P10", "P14")
@pytest.mark.parametrize("verb", list(Verb))
def test_whoever_is_not_active_may_do_nothing(verb: Verb) -> None:
    """Strangers, invited, suspended and blocked people: whatever else the facts say."""
    for facts in (STRANGER, admin(is_active=False, is_owner=True)):
        verdict = decide(facts, verb, workspace=HERE, organization=OrganizationFacts(has_offer=True, is_successor=True))
        assert verdict.reason is Reason.NOT_ACTIVE
    assert not decide(STRANGER, verb)


@pytest.mark.claim("P22")
@pytest.mark.parametrize("verb", list(Verb))
def test_support_staff_may_resend_revoke_suspend_and_start_a_transfer_and_nothing_else(verb: Verb) -> None:
    gone = OrganizationFacts(owner_is_active=False)
    target = member(ADMIN, FITTING_STATE.get(verb, State.JOINED)) if verb in ABOUT_MEMBERS else None
    verdict = decide(SUPPORT, verb, target, role=ADMIN, group=replace(TEAM, carries_more=True), organization=gone)
    assert verdict.reason is (None if verb in SUPPORT_MAY else Reason.NO_RIGHT)


@pytest.mark.claim("P22")
def test_support_staff_never_suspend_the_owner_nor_transfer_past_one_who_is_there() -> None:
    assert decide(SUPPORT, Verb.SUSPEND, member(ADMIN, is_owner=True)).reason is Reason.OWNER
    assert decide(SUPPORT, Verb.OFFER_TRANSFER, organization=OrganizationFacts()).reason is Reason.OWNER_PRESENT
    owner = admin(is_owner=True)
    assert decide(owner, Verb.OFFER_TRANSFER, organization=OrganizationFacts())
    assert decide(SUPPORT, Verb.RESEND, member(GUEST, State.WAITING), organization=OrganizationFacts())


@pytest.mark.row("D25")
@pytest.mark.parametrize("verb", sorted(OWNERS_ONLY))
def test_deleting_and_handing_over_are_the_owners_own(verb: Verb) -> None:
    assert decide(actor(*EVERY_CODE), verb).reason is Reason.OWNER_ONLY
    assert decide(actor(is_owner=True), verb)


def test_anybody_who_is_active_may_leave() -> None:
    assert decide(actor(), Verb.LEAVE, member(GUEST, is_self=True))


def test_the_member_list_is_open_to_members_unless_the_organization_closes_it() -> None:
    closed, opened = OrganizationFacts(members_see_members=False), OrganizationFacts(members_see_members=True)
    viewer, manager = actor(Code.MEMBERS_VIEW), actor(Code.MEMBERS_ORG_MANAGE)
    assert decide(viewer, Verb.VIEW_MEMBERS)
    assert decide(viewer, Verb.VIEW_MEMBERS, organization=opened)
    assert decide(viewer, Verb.VIEW_MEMBERS, organization=closed).reason is Reason.NO_RIGHT
    assert decide(manager, Verb.VIEW_MEMBERS, organization=closed)
    assert decide(actor(), Verb.VIEW_MEMBERS, organization=opened).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.VIEW_MEMBERS).reason is Reason.NO_RIGHT


@pytest.mark.claim("P24")
def test_group_managers_reach_their_own_groups_unless_the_group_carries_more() -> None:
    mine, heavy = replace(TEAM, is_managed=True), GroupFacts(is_managed=True, carries_more=True)
    assert decide(actor(), Verb.ADD_TO_GROUP, group=mine)
    assert decide(actor(), Verb.ADD_TO_GROUP, group=TEAM).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.ADD_TO_GROUP).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.ADD_TO_GROUP, group=heavy).reason is Reason.GROUP_CARRIES_MORE
    assert decide(actor(Code.GROUPS_MANAGE), Verb.ADD_TO_GROUP, group=heavy).reason is Reason.GROUP_CARRIES_MORE
    assert decide(actor(Code.GROUPS_MANAGE), Verb.ADD_TO_GROUP, group=TEAM)


@pytest.mark.claim("P10")
@pytest.mark.row("I7", "I19")
def test_workspace_admins_place_people_where_they_are_admin_and_nowhere_else() -> None:
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, workspace=HERE, role=EDITOR)
    assert decide(admin(), Verb.ADD_TO_WORKSPACE, workspace=NOWHERE, role=EDITOR).reason is Reason.NO_RIGHT
    assert decide(admin(), Verb.ADD_TO_WORKSPACE, role=EDITOR).reason is Reason.NO_RIGHT
    only_members = WorkspaceFacts(frozenset({Code.MEMBERS_WORKSPACE_MANAGE}))
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, workspace=only_members, role=EDITOR).reason is Reason.GIVES_MORE


def test_workspace_admins_invite_where_the_policy_lets_them() -> None:
    lets, forbids = OrganizationFacts(), OrganizationFacts(workspace_admins_invite=False)
    assert decide(actor(), Verb.INVITE, workspace=HERE, organization=lets)
    assert decide(actor(), Verb.INVITE, workspace=HERE, organization=forbids).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.INVITE, workspace=HERE).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.INVITE, workspace=NOWHERE, organization=lets).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.INVITE, organization=lets).reason is Reason.NO_RIGHT
    assert decide(actor(Code.MEMBERS_INVITE), Verb.INVITE, workspace=NOWHERE, organization=forbids)


# --- whom it is done to


@pytest.mark.claim("P10")
@pytest.mark.parametrize("verb", sorted(ABOUT_MEMBERS))
def test_nobody_touches_a_person_who_holds_more(verb: Verb) -> None:
    state = FITTING_STATE.get(verb, State.JOINED)
    short = actor(*(ADMIN.permissions - {"billing.manage"}))
    assert decide(short, verb, member(ADMIN, state)).reason is Reason.HOLDS_MORE
    assert decide(admin(), verb, member(ADMIN, state))
    # Sets, not ranks: as many permissions, but others.
    sideways = RoleFacts(1000, frozenset({"usage.view"}))
    assert (
        decide(actor(*(ADMIN.permissions - {"usage.view"})), verb, member(sideways, state)).reason is Reason.HOLDS_MORE
    )


@pytest.mark.claim("P10")
def test_adding_takes_nothing_from_a_person_who_holds_more() -> None:
    assert decide(actor(Code.GROUPS_MANAGE), Verb.ADD_TO_GROUP, member(ADMIN), group=TEAM)
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, member(ADMIN), workspace=HERE, role=EDITOR)


@pytest.mark.parametrize("verb", [Verb.ADD_TO_GROUP, Verb.ADD_TO_WORKSPACE])
def test_suspended_people_are_placed_nowhere_and_waiting_ones_are(verb: Verb) -> None:
    given_to = {"group": TEAM, "workspace": HERE, "role": EDITOR}
    assert decide(admin(), verb, member(GUEST, State.SUSPENDED), **given_to).reason is Reason.SUSPENDED  # type: ignore[arg-type]
    for state in (State.WAITING, State.JOINED):
        assert decide(admin(), verb, member(GUEST, state), **given_to)  # type: ignore[arg-type]
    assert decide(admin(), Verb.UPDATE_ROLE, member(GUEST, State.SUSPENDED), role=MEMBER)


@pytest.mark.claim("P9")
@pytest.mark.parametrize(
    ("verb", "state", "reason"),
    [
        (Verb.RESEND, State.WAITING, None),
        (Verb.RESEND, State.JOINED, Reason.JOINED),
        (Verb.RESEND, State.SUSPENDED, Reason.JOINED),
        (Verb.REVOKE, State.WAITING, None),
        (Verb.REVOKE, State.JOINED, Reason.JOINED),
        (Verb.REVOKE, State.SUSPENDED, Reason.JOINED),
        (Verb.EDIT_INVITATION, State.WAITING, None),
        (Verb.EDIT_INVITATION, State.JOINED, Reason.JOINED),
        (Verb.EDIT_INVITATION, State.SUSPENDED, Reason.JOINED),
        (Verb.SUSPEND, State.WAITING, Reason.WAITING),
        (Verb.SUSPEND, State.JOINED, None),
        (Verb.SUSPEND, State.SUSPENDED, Reason.SUSPENDED),
        (Verb.REACTIVATE, State.WAITING, Reason.WAITING),
        (Verb.REACTIVATE, State.JOINED, Reason.NOT_SUSPENDED),
        (Verb.REACTIVATE, State.SUSPENDED, None),
        (Verb.LEAVE, State.WAITING, Reason.WAITING),
        (Verb.LEAVE, State.SUSPENDED, Reason.SUSPENDED),
        (Verb.REMOVE, State.WAITING, None),
        (Verb.REMOVE, State.JOINED, None),
        (Verb.REMOVE, State.SUSPENDED, None),
        (Verb.UPDATE_ROLE, State.WAITING, None),
    ],
)
def test_each_act_fits_some_states(verb: Verb, state: State, reason: Reason | None) -> None:
    assert decide(admin(), verb, member(GUEST, state)).reason is reason


@pytest.mark.row("D25")
@pytest.mark.claim("P11")
@pytest.mark.parametrize("verb", [Verb.UPDATE_ROLE, Verb.SUSPEND, Verb.REMOVE, Verb.LEAVE])
def test_nobody_demotes_suspends_or_removes_the_owner_nor_do_they_leave(verb: Verb) -> None:
    for is_self in (False, True):
        assert (
            decide(admin(is_owner=is_self), verb, member(ADMIN, is_owner=True, is_self=is_self)).reason is Reason.OWNER
        )


def test_the_owner_is_placed_like_others() -> None:
    owner = member(ADMIN, is_owner=True)
    assert decide(admin(), Verb.ADD_TO_GROUP, owner, group=TEAM)
    assert decide(admin(), Verb.ADD_TO_WORKSPACE, owner, workspace=HERE, role=EDITOR)


def test_people_lower_their_own_role_but_do_not_suspend_or_remove_themselves() -> None:
    me = member(ADMIN, is_self=True)
    assert decide(admin(), Verb.UPDATE_ROLE, me, role=MEMBER)
    for verb in (Verb.SUSPEND, Verb.REMOVE):
        assert decide(admin(), verb, me).reason is Reason.YOURSELF
        assert decide(admin(), verb, member(ADMIN))
    # What somebody holds beyond the actor's own set cannot stand in their own way.
    assert decide(actor(Code.MEMBERS_ORG_MANAGE), Verb.UPDATE_ROLE, me, role=GUEST)


# --- what it gives


@pytest.mark.claim("P10")
@given(st.frozensets(st.sampled_from(sorted(EVERY_CODE))), st.frozensets(st.sampled_from(sorted(EVERY_CODE))))
def test_nobody_gives_what_they_do_not_hold(held: frozenset[str], given_away: frozenset[str]) -> None:
    role = RoleFacts(1000, given_away)
    mine = actor(Code.MEMBERS_ORG_MANAGE, Code.MEMBERS_INVITE, *held)
    for verb in (Verb.INVITE, Verb.UPDATE_ROLE):
        verdict = decide(mine, verb, role=role)
        assert verdict.reason is (None if given_away <= mine.permissions else Reason.GIVES_MORE)
    # At a workspace, what is held there counts, not what is held in the organization.
    there = WorkspaceFacts(held | {Code.MEMBERS_WORKSPACE_MANAGE})
    verdict = decide(actor(*EVERY_CODE), Verb.ADD_TO_WORKSPACE, workspace=there, role=role)
    assert verdict.reason is (None if given_away <= there.permissions else Reason.GIVES_MORE)


@pytest.mark.claim("P15")
def test_granting_admin_and_what_only_owners_do_needs_a_recent_proof_of_identity() -> None:
    stale = admin(is_fresh=False)
    for verb in (Verb.INVITE, Verb.UPDATE_ROLE):
        assert decide(stale, verb, role=ADMIN).reason is Reason.CONFIRM
        assert decide(admin(), verb, role=ADMIN)
        assert decide(stale, verb, role=MEMBER)
        assert decide(stale, verb)
    offer = OrganizationFacts(has_offer=True, is_successor=True)
    for verb in (Verb.DELETE_ORGANIZATION, Verb.OFFER_TRANSFER, Verb.ACCEPT_TRANSFER):
        assert decide(replace(stale, is_owner=True), verb, organization=offer).reason is Reason.CONFIRM
        assert decide(admin(is_owner=True), verb, organization=offer)
    for verb in (Verb.SUSPEND, Verb.REMOVE, Verb.WITHDRAW_TRANSFER):
        assert decide(replace(stale, is_owner=True), verb)
    # Who administers people is an administrator, whatever the role is called and however they come to hold it.
    steward = RoleFacts(1000, MEMBER.permissions | {Code.MEMBERS_ORG_MANAGE})
    for verb in (Verb.INVITE, Verb.UPDATE_ROLE, Verb.MANAGE_ROLES):
        assert decide(stale, verb, role=steward).reason is Reason.CONFIRM
        assert decide(admin(), verb, role=steward)
    grown, as_it_is = GrantFacts(MEMBER.permissions), GrantFacts(steward.permissions)
    assert decide(stale, Verb.MANAGE_ROLES, role=steward, grant=grown).reason is Reason.CONFIRM
    assert decide(stale, Verb.MANAGE_ROLES, role=steward, grant=as_it_is)
    # Being asked to confirm comes last: nobody confirms who they are only to be refused then.
    assert decide(actor(Code.MEMBERS_INVITE, is_fresh=False), Verb.INVITE, role=ADMIN).reason is Reason.GIVES_MORE
    assert decide(stale, Verb.UPDATE_ROLE, member(ADMIN, is_owner=True), role=ADMIN).reason is Reason.OWNER
    # A workspace role of any name is not the organization's Admin.
    assert decide(replace(stale), Verb.ADD_TO_WORKSPACE, workspace=HERE, role=RoleFacts(BuiltIn.ADMIN, frozenset()))


@pytest.mark.row("D17")
def test_an_offer_of_ownership_is_taken_by_its_successor_while_it_is_open() -> None:
    for facts, reason in [
        (OrganizationFacts(has_offer=True, is_successor=True), None),
        (OrganizationFacts(has_offer=False, is_successor=True), Reason.NO_OFFER),
        (OrganizationFacts(has_offer=True, is_successor=False), Reason.NOT_THE_SUCCESSOR),
        (OrganizationFacts(), Reason.NO_OFFER),
    ]:
        assert decide(actor(), Verb.ACCEPT_TRANSFER, organization=facts).reason is reason
    assert decide(admin(is_owner=True), Verb.OFFER_TRANSFER, organization=OrganizationFacts(owner_is_active=False))


def test_an_admin_holds_every_permission_of_the_organization() -> None:
    assert ADMIN.permissions == {code for code, found in PERMISSIONS.items() if found.scope == Scope.ORGANIZATION}


def test_a_decision_is_true_only_without_a_reason() -> None:
    assert Decision()
    assert not any(Decision(reason) for reason in Reason)


# --- reasons


def test_every_reason_has_its_sentence_and_its_status() -> None:
    assert set(SENTENCES) == set(Reason)
    for reason in Reason:
        assert str(reason.sentence) == str(SENTENCES[reason])
        assert str(reason.sentence).endswith(".")
    by_right = {reason for reason in Reason if reason.refused is Refused.BY_RIGHT}
    assert by_right == {
        Reason.NO_RIGHT, Reason.HOLDS_MORE, Reason.GIVES_MORE, Reason.GROUP_CARRIES_MORE, Reason.OWNER_ONLY,
        Reason.NOT_THE_SUCCESSOR, Reason.EVERYONE_MANAGES, Reason.SELF_EXTENDED, Reason.PRIVATE,
    }  # fmt: skip
    assert {reason for reason in Reason if reason.refused is Refused.UNTIL_CONFIRMED} == {Reason.CONFIRM}


# --- last admins

SCOPES: list[int | None] = [None, 1, 2]
PEOPLE = range(1, 6)


def asked_in_turn(
    order: Sequence[int], admins: Mapping[int | None, Iterable[int]], survivors: Mapping[int | None, int]
) -> dict[int, set[int | None]]:
    """The same, played: everybody sits in rooms; nobody leaves a room empty. Refused member -> the rooms they keep."""
    rooms = {
        scope: {*losing, *(-1 - number for number in range(survivors.get(scope, 0)))}
        for scope, losing in admins.items()
    }
    kept: dict[int, set[int | None]] = {}
    for one in order:
        last_of = {scope for scope, sitting in rooms.items() if sitting == {one}}
        if last_of:
            kept[one] = last_of
        else:
            for sitting in rooms.values():
                sitting.discard(one)
    return kept


@pytest.mark.claim("P11")
@given(
    st.permutations(PEOPLE),
    st.dictionaries(st.sampled_from(SCOPES), st.frozensets(st.sampled_from(PEOPLE))),
    st.dictionaries(st.sampled_from(SCOPES), st.integers(0, 2)),
)
def test_the_fold_over_counts_is_the_play_with_people(
    order: list[int], admins: dict[int | None, frozenset[int]], survivors: dict[int | None, int]
) -> None:
    expected = asked_in_turn(order, admins, survivors)
    found = keep_last_admins(order, admins, survivors)
    assert set(found) == set(expected)
    assert all(found[one] in expected[one] for one in found)
    for scope, losing in admins.items():
        if losing:
            assert survivors.get(scope, 0) + len(set(losing) & set(found)) > 0


@pytest.mark.claim("P11")
def test_the_last_one_asked_stays_and_the_scope_is_named() -> None:
    assert keep_last_admins([1, 2, 3], {None: [1, 2, 3]}, {}) == {3: None}
    assert keep_last_admins([3, 1], {7: [1, 3]}, {}) == {1: 7}
    assert keep_last_admins([1, 2], {7: [1, 2]}, {7: 1}) == {}
    # Whoever has to stay for one scope counts on for the others.
    assert keep_last_admins([1, 2], {1: [1], 2: [1, 2]}, {}) == {1: 1}
    assert keep_last_admins([], {1: []}, {}) == {}
    assert keep_last_admins([5], {}, {}) == {}
