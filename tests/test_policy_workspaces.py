"""The rules of workspaces, groups, grants, roles and resources, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_policy import ADMIN, EDITOR, EVERY_CODE, GUEST, HERE, MEMBER, NOWHERE, TEAM, actor, admin, member
from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Code, Permission, Scope
from workspaces.policy import (
    GrantFacts,
    GroupFacts,
    OrganizationFacts,
    ResourceFacts,
    RoleFacts,
    Verb,
    WorkspaceFacts,
    decide,
)
from workspaces.policy.resources import Standing, Vocabulary, Why, on_resource
from workspaces.reasons import Reason

pytestmark = pytest.mark.once

VIEWER = RoleFacts(11, BUILT_IN_ROLES[BuiltIn.STANDARD_VIEWER].permissions)
TOP = RoleFacts(13, BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions)
MANAGES = WorkspaceFacts(EDITOR.permissions | {Code.MEMBERS_WORKSPACE_MANAGE})

# The one organization permission that an act asks for.
OF_ORGANIZATION = {
    Verb.VIEW_OVERVIEW: Code.MEMBERS_ORG_MANAGE,
    Verb.EDIT_GROUP: Code.GROUPS_MANAGE,
    Verb.DELETE_GROUP: Code.GROUPS_MANAGE,
    Verb.NAME_MANAGERS: Code.GROUPS_MANAGE,
    Verb.RESTORE_WORKSPACE: Code.WORKSPACES_MANAGE,
    Verb.NAME_FIRST_ADMIN: Code.WORKSPACES_MANAGE,
    Verb.MANAGE_ROLES: Code.ROLES_MANAGE,
}
# What an act asks for in the workspace, and which organization permission does instead.
IN_WORKSPACE: dict[Verb, tuple[str, str | None]] = {
    Verb.VIEW_WORKSPACE: (Code.WORKSPACE_VIEW, None),
    Verb.VIEW_WORKSPACE_HISTORY: (Code.MEMBERS_WORKSPACE_MANAGE, Code.HISTORY_VIEW),
    Verb.EXPLORE_ACCESS: (Code.MEMBERS_WORKSPACE_MANAGE, Code.MEMBERS_ORG_MANAGE),
    Verb.EDIT_WORKSPACE: (Code.WORKSPACE_EDIT, Code.WORKSPACES_MANAGE),
    Verb.ARCHIVE_WORKSPACE: (Code.WORKSPACE_DELETE, Code.WORKSPACES_MANAGE),
    Verb.DELETE_WORKSPACE: (Code.WORKSPACE_DELETE, Code.WORKSPACES_MANAGE),
    Verb.CHANGE_GRANT: (Code.MEMBERS_WORKSPACE_MANAGE, None),
    Verb.REMOVE_GRANT: (Code.MEMBERS_WORKSPACE_MANAGE, None),
}


@pytest.mark.claim("P10")
@pytest.mark.parametrize(("verb", "code"), OF_ORGANIZATION.items())
def test_each_act_on_the_organization_needs_its_permission(verb: Verb, code: str) -> None:
    assert decide(actor(code), verb)
    assert decide(actor(*(EVERY_CODE - {code})), verb, workspace=HERE, group=TEAM).reason is Reason.NO_RIGHT


@pytest.mark.claim("P10")
@pytest.mark.parametrize(("verb", "codes"), IN_WORKSPACE.items())
def test_each_act_in_a_workspace_needs_its_permission_there(verb: Verb, codes: tuple[str, str | None]) -> None:
    there, instead = codes
    assert decide(actor(), verb, workspace=WorkspaceFacts(frozenset({there})))
    everything_else = WorkspaceFacts(EVERY_CODE - {there})
    powerless = actor(*(EVERY_CODE - {instead}))
    assert decide(powerless, verb, workspace=everything_else).reason is Reason.NO_RIGHT
    assert decide(powerless, verb).reason is Reason.NO_RIGHT
    if instead is not None:
        assert decide(actor(instead), verb, workspace=NOWHERE)
        assert decide(actor(instead), verb)


def test_the_role_scheme_is_changed_by_who_holds_all_that_it_touches() -> None:
    codes = {Code.ORGANIZATION_MANAGE, Code.ROLES_MANAGE, Code.MEMBERS_ORG_MANAGE, Code.WORKSPACES_ACCESS_ALL}
    assert decide(actor(*codes), Verb.CHANGE_SCHEME)
    for code in codes:
        assert decide(actor(*(EVERY_CODE - {code})), Verb.CHANGE_SCHEME).reason is Reason.NO_RIGHT


def test_members_see_who_is_in_their_workspace_unless_the_organization_closes_it() -> None:
    sees, closed = WorkspaceFacts(frozenset({Code.WORKSPACE_VIEW})), OrganizationFacts(members_see_members=False)
    assert decide(actor(), Verb.VIEW_WORKSPACE_MEMBERS, workspace=sees)
    assert decide(actor(), Verb.VIEW_WORKSPACE_MEMBERS, workspace=sees, organization=closed).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.VIEW_WORKSPACE_MEMBERS, workspace=MANAGES, organization=closed)
    for nowhere in (NOWHERE, None):
        assert decide(actor(), Verb.VIEW_WORKSPACE_MEMBERS, workspace=nowhere).reason is Reason.NO_RIGHT


@pytest.mark.parametrize(
    ("verb", "codes", "policy"),
    [
        (Verb.CREATE_GROUP, (Code.GROUPS_MANAGE,), "members_create_groups"),
        (Verb.CREATE_WORKSPACE, (Code.WORKSPACES_CREATE, Code.WORKSPACES_MANAGE), "members_create_workspaces"),
    ],
)
def test_who_creates_is_the_organizations_policy_and_never_a_guest(
    verb: Verb, codes: tuple[str, ...], policy: str
) -> None:
    opened = OrganizationFacts(**{policy: True})
    for code in codes:
        assert decide(actor(code), verb)
    assert decide(actor(), verb, organization=opened)
    assert decide(actor(), verb, organization=OrganizationFacts()).reason is Reason.NO_RIGHT
    assert decide(actor(), verb).reason is Reason.NO_RIGHT
    assert decide(actor(is_guest=True), verb, organization=opened).reason is Reason.NO_RIGHT


def test_groups_and_roles_are_looked_at_by_members_and_own_groups_by_their_managers() -> None:
    closed = OrganizationFacts(members_see_members=False)
    assert decide(actor(Code.MEMBERS_VIEW), Verb.VIEW_GROUPS)
    assert decide(actor(Code.MEMBERS_VIEW), Verb.VIEW_GROUPS, organization=closed).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.VIEW_GROUPS, group=replace(TEAM, is_managed=True), organization=closed)
    assert decide(actor(), Verb.VIEW_GROUPS, group=TEAM).reason is Reason.NO_RIGHT
    assert decide(actor(Code.GROUPS_MANAGE), Verb.VIEW_GROUPS, organization=closed)
    assert decide(actor(), Verb.VIEW_ROLES)
    assert decide(actor(is_guest=True), Verb.VIEW_ROLES).reason is Reason.NO_RIGHT


@pytest.mark.claim("P24")
@pytest.mark.row("I22")
def test_managing_a_group_is_to_add_and_remove_and_nothing_else() -> None:
    mine = replace(TEAM, is_managed=True)
    assert decide(actor(), Verb.ADD_TO_GROUP, group=mine)
    assert decide(actor(), Verb.REMOVE_FROM_GROUP, group=mine)
    for verb in (Verb.EDIT_GROUP, Verb.DELETE_GROUP, Verb.NAME_MANAGERS, Verb.CREATE_GROUP):
        assert decide(actor(), verb, group=mine).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.REMOVE_FROM_GROUP).reason is Reason.NO_RIGHT
    assert decide(actor(Code.GROUPS_MANAGE), Verb.REMOVE_FROM_GROUP, group=TEAM)


@pytest.mark.claim("P24", "P10")
@pytest.mark.parametrize("verb", [Verb.ADD_TO_GROUP, Verb.REMOVE_FROM_GROUP, Verb.DELETE_GROUP, Verb.NAME_MANAGERS])
def test_a_group_that_carries_more_is_left_to_who_holds_it(verb: Verb) -> None:
    heavy = GroupFacts(is_managed=True, carries_more=True)
    assert decide(actor(Code.GROUPS_MANAGE), verb, group=heavy).reason is Reason.GROUP_CARRIES_MORE
    assert decide(actor(Code.GROUPS_MANAGE), Verb.EDIT_GROUP, group=heavy)


# --- workspaces


def test_joining_needs_an_open_workspace_and_no_guest() -> None:
    opened = WorkspaceFacts(frozenset(), is_open=True)
    assert decide(actor(), Verb.JOIN_WORKSPACE, workspace=opened, role=VIEWER)
    assert decide(actor(), Verb.JOIN_WORKSPACE, workspace=NOWHERE).reason is Reason.NOT_OPEN
    assert decide(actor(is_guest=True), Verb.JOIN_WORKSPACE, workspace=opened).reason is Reason.NO_RIGHT
    archived = replace(opened, is_archived=True)
    assert decide(actor(), Verb.JOIN_WORKSPACE, workspace=archived).reason is Reason.ARCHIVED
    personal = replace(opened, kind="personal")
    assert decide(actor(), Verb.JOIN_WORKSPACE, workspace=personal).reason is Reason.PERSONAL


def test_an_archived_workspace_is_seen_by_its_admins_and_takes_nobody_in() -> None:
    archived = replace(HERE, is_archived=True)
    assert decide(actor(), Verb.VIEW_WORKSPACE, workspace=archived)
    viewer = WorkspaceFacts(VIEWER.permissions, is_archived=True)
    assert decide(actor(), Verb.VIEW_WORKSPACE, workspace=viewer).reason is Reason.ARCHIVED
    for verb in (Verb.ADD_TO_WORKSPACE, Verb.CHANGE_GRANT):
        assert decide(actor(), verb, workspace=archived, role=VIEWER).reason is Reason.ARCHIVED
    assert decide(actor(), Verb.REMOVE_GRANT, workspace=archived, grant=GrantFacts(VIEWER.permissions))


def test_personal_workspaces_take_nobody_and_read_only_ones_give_only_viewing() -> None:
    personal, system = replace(HERE, kind="personal"), replace(HERE, kind="system", most=VIEWER.permissions)
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, workspace=personal, role=VIEWER).reason is Reason.PERSONAL
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, workspace=system, role=EDITOR).reason is Reason.READ_ONLY
    assert decide(actor(), Verb.ADD_TO_WORKSPACE, workspace=system, role=VIEWER)
    assert decide(actor(), Verb.EDIT_WORKSPACE, workspace=personal)


@pytest.mark.claim("P15")
def test_deleting_a_workspace_needs_a_recent_proof_of_identity_and_archiving_none() -> None:
    stale = actor(is_fresh=False)
    assert decide(stale, Verb.DELETE_WORKSPACE, workspace=HERE).reason is Reason.CONFIRM
    assert decide(stale, Verb.ARCHIVE_WORKSPACE, workspace=HERE)
    assert decide(stale, Verb.ADD_TO_WORKSPACE, workspace=HERE, role=RoleFacts(BuiltIn.ADMIN, frozenset()))


# --- grants


@pytest.mark.claim("P10")
@pytest.mark.parametrize("verb", [Verb.CHANGE_GRANT, Verb.REMOVE_GRANT])
def test_nobody_touches_a_grant_or_a_person_that_holds_more_there(verb: Verb) -> None:
    """Compared at the act's scope: in the workspace, whatever both hold in the organization."""
    above, within = GrantFacts(TOP.permissions), GrantFacts(VIEWER.permissions)
    assert decide(actor(), verb, workspace=MANAGES, grant=above).reason is Reason.HOLDS_MORE
    assert decide(actor(), verb, workspace=MANAGES, grant=within)
    assert decide(actor(), verb, workspace=MANAGES, grant=GrantFacts(MANAGES.permissions))
    holds_more = replace(member(), permissions=TOP.permissions)
    assert decide(admin(), verb, holds_more, workspace=MANAGES, grant=within).reason is Reason.HOLDS_MORE
    assert decide(admin(), verb, replace(holds_more, is_self=True), workspace=MANAGES, grant=within)
    assert decide(actor(), verb, replace(member(), permissions=VIEWER.permissions), workspace=MANAGES, grant=within)


@pytest.mark.claim("P10")
def test_nobody_gives_more_than_they_hold_there() -> None:
    for verb in (Verb.ADD_TO_WORKSPACE, Verb.CHANGE_GRANT):
        assert decide(admin(), verb, workspace=MANAGES, role=TOP).reason is Reason.GIVES_MORE
        extra = RoleFacts(11, VIEWER.permissions | {"secrets.read"})
        assert decide(admin(), verb, workspace=MANAGES, role=extra).reason is Reason.GIVES_MORE
        assert decide(actor(), verb, workspace=MANAGES, role=EDITOR)


@pytest.mark.claim("P24")
@pytest.mark.row("N13", "N15")
def test_everyone_never_manages_members() -> None:
    everyone = GrantFacts(frozenset(), is_everyone=True)
    for verb in (Verb.ADD_TO_WORKSPACE, Verb.CHANGE_GRANT):
        assert decide(actor(), verb, workspace=HERE, role=TOP, grant=everyone).reason is Reason.EVERYONE_MANAGES
        assert decide(actor(), verb, workspace=HERE, role=EDITOR, grant=everyone)
        assert decide(actor(), verb, workspace=HERE, role=TOP, grant=GrantFacts(frozenset()))


def test_access_that_ends_is_not_made_longer_by_its_holder() -> None:
    ending = WorkspaceFacts(TOP.permissions, lasting=VIEWER.permissions)
    mine, others = (
        GrantFacts(frozenset(), reaches_actor=True, lengthened=True),
        GrantFacts(frozenset(), lengthened=True),
    )

    def adding(grant: GrantFacts | None, role: RoleFacts, workspace: WorkspaceFacts = ending, **who: bool) -> object:
        return decide(actor(), Verb.ADD_TO_WORKSPACE, member(**who), workspace=workspace, role=role, grant=grant).reason

    assert adding(mine, EDITOR) is Reason.SELF_EXTENDED
    assert adding(None, EDITOR, is_self=True) is Reason.SELF_EXTENDED
    assert adding(mine, VIEWER) is None
    assert adding(others, EDITOR) is None
    assert adding(None, EDITOR) is None
    assert adding(replace(mine, lengthened=False), EDITOR) is None
    assert adding(mine, EDITOR, workspace=HERE) is None


# --- roles


@pytest.mark.claim("P10")
def test_a_role_is_made_of_what_its_maker_holds_and_one_above_them_is_left_alone() -> None:
    maker = actor(Code.ROLES_MANAGE, Code.MEMBERS_INVITE)
    within, above = RoleFacts(1000, frozenset({Code.MEMBERS_INVITE})), RoleFacts(1000, frozenset({"billing.manage"}))
    assert decide(maker, Verb.MANAGE_ROLES, role=within)
    assert decide(maker, Verb.MANAGE_ROLES, role=above).reason is Reason.GIVES_MORE
    assert (
        decide(maker, Verb.MANAGE_ROLES, role=within, grant=GrantFacts(above.permissions)).reason is Reason.HOLDS_MORE
    )
    assert decide(maker, Verb.MANAGE_ROLES, role=within, grant=GrantFacts(maker.permissions))
    there = WorkspaceFacts(EDITOR.permissions)
    assert decide(maker, Verb.MANAGE_ROLES, role=VIEWER, workspace=there, grant=GrantFacts(VIEWER.permissions))
    assert decide(maker, Verb.MANAGE_ROLES, role=EDITOR, workspace=there)
    assert decide(maker, Verb.MANAGE_ROLES, role=TOP, workspace=there).reason is Reason.GIVES_MORE
    assert decide(maker, Verb.MANAGE_ROLES, workspace=there, grant=GrantFacts(TOP.permissions)).reason is (
        Reason.HOLDS_MORE
    )


# --- resources


def test_resources_are_shared_by_owners_and_unless_private_by_workspace_admins() -> None:
    mine, private = ResourceFacts(is_owner=True, is_private=True), ResourceFacts(is_private=True)
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=NOWHERE, resource=mine)
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=MANAGES, resource=ResourceFacts())
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=MANAGES, resource=private).reason is Reason.NO_RIGHT
    for workspace, resource in ((NOWHERE, ResourceFacts()), (None, ResourceFacts()), (MANAGES, None)):
        assert decide(actor(), Verb.SHARE_RESOURCE, workspace=workspace, resource=resource).reason is Reason.NO_RIGHT


@pytest.mark.row("D21")
def test_private_is_made_by_owners_who_hold_the_permission_for_it() -> None:
    mine = ResourceFacts(is_owner=True)
    assert decide(actor(), Verb.MAKE_PRIVATE, workspace=WorkspaceFacts(EDITOR.permissions), resource=mine)
    assert decide(actor(), Verb.MAKE_PRIVATE, workspace=WorkspaceFacts(VIEWER.permissions), resource=mine).reason is (
        Reason.NO_RIGHT
    )
    for workspace, resource in ((HERE, ResourceFacts()), (HERE, None), (None, mine)):
        assert decide(actor(), Verb.MAKE_PRIVATE, workspace=workspace, resource=resource).reason is Reason.NO_RIGHT


def test_resources_are_handed_over_by_owners_and_admins_and_private_ones_never_to_oneself() -> None:
    private, to_me = ResourceFacts(is_private=True), GrantFacts(frozenset(), reaches_actor=True)
    for who, workspace, resource in (
        (actor(), MANAGES, private),
        (actor(Code.MEMBERS_ORG_MANAGE), None, private),
        (actor(), None, ResourceFacts(is_owner=True)),
    ):
        assert decide(who, Verb.TRANSFER_RESOURCE, workspace=workspace, resource=resource)
    assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=NOWHERE, resource=private).reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.TRANSFER_RESOURCE).reason is Reason.NO_RIGHT

    def taking(resource: ResourceFacts) -> object:
        return decide(actor(), Verb.TRANSFER_RESOURCE, workspace=MANAGES, resource=resource, grant=to_me).reason

    assert taking(private) is Reason.PRIVATE
    assert taking(replace(private, is_orphan=True)) is None
    assert taking(replace(private, is_owner=True)) is None
    assert taking(ResourceFacts()) is None


@pytest.mark.row("I15", "I17")
def test_default_drives_are_chosen_where_one_holds_the_permission() -> None:
    assert decide(actor("drives.org.set_default"), Verb.CHOOSE_DRIVE)
    assert decide(actor("drives.org.manage"), Verb.CHOOSE_DRIVE).reason is Reason.NO_RIGHT
    here = WorkspaceFacts(frozenset({"drives.workspace.set_default"}))
    assert decide(actor(), Verb.CHOOSE_DRIVE, workspace=here)
    assert decide(actor("drives.org.set_default"), Verb.CHOOSE_DRIVE, workspace=NOWHERE).reason is Reason.NO_RIGHT


def test_anybody_active_may_ask_for_access() -> None:
    assert decide(actor(is_guest=True), Verb.ASK_FOR_ACCESS)


# --- what is held on one resource

PRODUCT = "Notebooks"
WORDS = Vocabulary(
    viewing=frozenset({"see", Code.WORKSPACE_VIEW}),
    top=frozenset({"see", "edit", "risky", Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE}),
    by_product={
        PRODUCT: (
            Permission("see", Scope.WORKSPACE, "see", PRODUCT, viewing=True),
            Permission("edit", Scope.WORKSPACE, "edit", PRODUCT),
            Permission("risky", Scope.WORKSPACE, "risk", PRODUCT, high_risk=True),
            Permission("wide", Scope.ORGANIZATION, "all", PRODUCT),
        ),
        "Other": (Permission("elsewhere", Scope.WORKSPACE, "else", "Other"),),
    },
)
WORKER = frozenset({"see", "edit", Code.WORKSPACE_VIEW})


def held(access: str, who: Standing, *, in_workspace: bool = True) -> tuple[set[str], Why]:
    found = on_resource(WORDS, product=PRODUCT, access=access, in_workspace=in_workspace, who=who)
    return set(found.permissions), found.why


@pytest.mark.row("D22", "D23", "D24")
def test_full_follows_the_role_the_lock_caps_it_and_admins_are_above_the_lock() -> None:
    assert held("full", Standing(WORKER)) == (set(WORKER), Why.ROLE)
    assert held("view", Standing(WORKER)) == ({"see", Code.WORKSPACE_VIEW}, Why.LOCKED)
    assert held("view", Standing(WORDS.top)) == (set(WORDS.top), Why.ADMIN)
    assert held("full", Standing(frozenset())) == (set(), Why.NOTHING)


@pytest.mark.row("D18", "D19")
def test_private_is_for_owner_and_collaborators_only_admins_not_excepted() -> None:
    assert held("private", Standing(WORDS.top)) == (set(), Why.PRIVATE)
    assert held("private", Standing(WORKER, is_owner=True)) == (set(WORKER), Why.OWNER)
    assert held("private", Standing(frozenset(), level="edit")) == ({"see", "edit"}, Why.COLLABORATOR)
    assert held("private", Standing(WORKER, level="view")) == ({"see"}, Why.COLLABORATOR)
    assert not on_resource(WORDS, product=PRODUCT, access="private", in_workspace=True, who=Standing(WORDS.top)).reaches


@pytest.mark.row("D11")
def test_guests_reach_what_they_collaborate_on_and_nothing_else() -> None:
    guest = Standing(frozenset(), is_guest=True)
    assert held("full", guest) == (set(), Why.NOTHING)
    assert held("full", replace(guest, level="view")) == ({"see"}, Why.COLLABORATOR)
    assert held("full", guest, in_workspace=False) == (set(), Why.NOTHING)
    assert held("full", Standing(frozenset({"wide"})), in_workspace=False) == ({"wide"}, Why.ROLE)
    assert held("view", replace(guest, level="edit"), in_workspace=False) == ({"wide"}, Why.COLLABORATOR)


def test_an_archived_workspace_leaves_only_viewing() -> None:
    owner = Standing(WORKER, is_owner=True, is_archived=True)
    assert held("full", owner) == ({"see", Code.WORKSPACE_VIEW}, Why.OWNER)


@given(st.sampled_from(["full", "view", "private"]), st.sets(st.sampled_from(sorted(WORDS.top))), st.booleans())
def test_nothing_is_held_on_a_resource_beyond_role_and_product(access: str, codes: set[str], owns: bool) -> None:
    found, _why = held(access, Standing(frozenset(codes), is_owner=owns))
    assert found <= codes | {"see", "edit"}


def test_every_permission_of_the_catalogue_says_what_it_is_for() -> None:
    for code, permission in PERMISSIONS.items():
        assert code == permission.code
        assert permission.ability
        assert permission.area
        assert not (permission.high_risk and permission.viewing)
    for role in (GUEST, MEMBER, ADMIN):
        assert {PERMISSIONS[code].scope for code in role.permissions} <= {Scope.ORGANIZATION}
