"""The rules about resources, without a database: what is held on one, who shares, locks, hides and hands over."""

from dataclasses import replace

import pytest

from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Code, Permission, Scope
from workspaces.policy import ActorFacts, GrantFacts, ResourceFacts, RoleFacts, Verb, WorkspaceFacts, decide
from workspaces.policy.resources import OnResource, Standing, Vocabulary, Why, on_resource
from workspaces.reasons import Reason

pytestmark = pytest.mark.once

VIEWER, EDITOR, ADMIN = (
    BUILT_IN_ROLES[role].permissions
    for role in (BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN)
)
LOOK = Permission("apps.look", Scope.WORKSPACE, "look at apps", "Apps", viewing=True)
WORK = Permission("apps.work", Scope.RESOURCE, "work on apps", "Apps")
RISK = Permission("apps.sell", Scope.WORKSPACE, "sell apps", "Apps", high_risk=True)
RISKY_LOOK = Permission("apps.peek", Scope.WORKSPACE, "peek", "Apps", high_risk=True, viewing=True)
OWN = Permission("apps.bill", Scope.ORGANIZATION, "bill apps", "Apps")
VOCABULARY = Vocabulary(
    viewing=frozenset(code for code, each in PERMISSIONS.items() if each.viewing) | {LOOK.code, RISKY_LOOK.code},
    top=ADMIN,
    by_product={"Apps": (LOOK, WORK, RISK, RISKY_LOOK, OWN)},
)
VIEWS = VIEWER & VOCABULARY.viewing


def on(access: str, held: frozenset[str] = frozenset(), *, in_workspace: bool = True, **what: object) -> OnResource:
    who = replace(Standing(held), **what)
    return on_resource(VOCABULARY, product="Apps", access=access, in_workspace=in_workspace, who=who)


def test_a_collaborator_gets_of_the_product_what_views_or_what_is_not_high_risk() -> None:
    assert VOCABULARY.given("Apps", "view", in_workspace=True) == {LOOK.code, RISKY_LOOK.code}
    assert VOCABULARY.given("Apps", "edit", in_workspace=True) == {LOOK.code, RISKY_LOOK.code, WORK.code}
    assert VOCABULARY.given("Apps", "edit", in_workspace=False) == {OWN.code}
    assert VOCABULARY.given("Unheard", "edit", in_workspace=True) == frozenset()


EDITS, SEES = VOCABULARY.given("Apps", "edit", in_workspace=True), VOCABULARY.given("Apps", "view", in_workspace=True)


@pytest.mark.row("D18", "D19", "D22", "D23", "D24")
@pytest.mark.parametrize(
    ("access", "held", "what", "expected"),
    [
        ("full", EDITOR, {}, OnResource(EDITOR, Why.ROLE)),
        ("full", frozenset({WORK.code}), {}, OnResource(frozenset(), Why.NOTHING)),  # cannot see the workspace
        ("full", frozenset(), {"is_guest": True}, OnResource(frozenset(), Why.NOTHING)),
        ("full", frozenset(), {"level": "view"}, OnResource(SEES, Why.COLLABORATOR)),
        ("full", VIEWER, {"level": "edit"}, OnResource(VIEWER | EDITS, Why.COLLABORATOR)),
        ("full", VIEWER, {"is_owner": True}, OnResource(VIEWER | EDITS, Why.OWNER)),
        ("view", EDITOR, {}, OnResource(VIEWS, Why.LOCKED)),
        ("view", EDITOR, {"level": "view"}, OnResource(VIEWS | SEES, Why.COLLABORATOR)),
        ("view", EDITOR, {"level": "edit"}, OnResource(EDITOR | EDITS, Why.COLLABORATOR)),
        ("view", EDITOR, {"is_owner": True}, OnResource(EDITOR | EDITS, Why.OWNER)),
        ("view", ADMIN, {}, OnResource(ADMIN, Why.ADMIN)),
        ("view", ADMIN - {Code.WORKSPACE_DELETE}, {}, OnResource(ADMIN & VOCABULARY.viewing, Why.LOCKED)),
        ("private", ADMIN, {}, OnResource(frozenset(), Why.PRIVATE)),
        ("private", EDITOR, {"level": "view"}, OnResource(SEES, Why.COLLABORATOR)),
        ("private", EDITOR, {"level": "edit"}, OnResource(EDITOR | EDITS, Why.COLLABORATOR)),
        ("private", EDITOR, {"is_owner": True}, OnResource(EDITOR | EDITS, Why.OWNER)),
        ("full", EDITOR, {"is_archived": True}, OnResource(VIEWS, Why.ROLE)),
        ("full", ADMIN, {"is_archived": True}, OnResource(ADMIN & VOCABULARY.viewing, Why.ADMIN)),
        ("full", EDITOR, {"is_archived": True, "is_owner": True}, OnResource(VIEWS | SEES, Why.OWNER)),
    ],
)
def test_what_is_held_on_a_resource_and_why(
    access: str, held: frozenset[str], what: dict[str, object], expected: OnResource
) -> None:
    found = on(access, held, **what)
    assert found == expected
    assert found.reaches == (expected.why not in {Why.PRIVATE, Why.NOTHING})


def test_outside_of_workspaces_the_organization_role_counts_and_guests_have_none() -> None:
    own = frozenset({"drives.org.manage"})
    assert on("full", own, in_workspace=False) == OnResource(own, Why.ROLE)
    assert on("full", own, in_workspace=False, is_guest=True).why is Why.NOTHING
    assert on("full", ADMIN, in_workspace=False).why is Why.ROLE  # no workspace, no admin of it
    assert on("full", in_workspace=False, is_owner=True).permissions == {OWN.code}


# --- who may change it


def actor(*codes: str) -> ActorFacts:
    return ActorFacts(1, 1, frozenset(codes), is_active=True, is_fresh=True)


HERE, EDITORS = WorkspaceFacts(ADMIN), WorkspaceFacts(EDITOR)
MINE, THEIRS = ResourceFacts(is_owner=True), ResourceFacts()
HIDDEN = ResourceFacts(is_private=True)
GIVES = RoleFacts(0, frozenset({"projects.edit"}))


@pytest.mark.row("D21", "D22")
def test_owners_share_and_managers_share_what_is_not_private() -> None:
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=EDITORS, resource=MINE)
    assert decide(actor(), Verb.SHARE_RESOURCE, resource=MINE)
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=HERE, resource=THEIRS)
    for workspace, resource in ((EDITORS, THEIRS), (HERE, HIDDEN), (HERE, None), (None, THEIRS)):
        decision = decide(actor(), Verb.SHARE_RESOURCE, workspace=workspace, resource=resource)
        assert decision.reason is Reason.NO_RIGHT
    assert decide(actor(), Verb.MAKE_PRIVATE, workspace=EDITORS, resource=MINE)
    for workspace, resource in ((WorkspaceFacts(VIEWER), MINE), (HERE, THEIRS), (None, MINE), (HERE, None)):
        decision = decide(actor(), Verb.MAKE_PRIVATE, workspace=workspace, resource=resource)
        assert decision.reason is Reason.NO_RIGHT


@pytest.mark.claim("P10")
def test_sharing_gives_and_takes_only_what_the_sharer_holds() -> None:
    lean = WorkspaceFacts(frozenset({Code.MEMBERS_WORKSPACE_MANAGE, "projects.view"}))
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=lean, resource=THEIRS)
    given = decide(actor(), Verb.SHARE_RESOURCE, workspace=lean, resource=THEIRS, role=GIVES)
    assert given.reason is Reason.GIVES_MORE
    taken = decide(actor(), Verb.SHARE_RESOURCE, workspace=lean, resource=THEIRS, grant=GrantFacts(GIVES.permissions))
    assert taken.reason is Reason.HOLDS_MORE
    assert decide(actor(), Verb.SHARE_RESOURCE, workspace=HERE, resource=THEIRS, grant=GrantFacts(GIVES.permissions))


def test_owners_and_whoever_manages_people_hand_a_resource_over() -> None:
    to_other, to_self = GrantFacts(frozenset()), GrantFacts(frozenset(), reaches_actor=True)
    assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=EDITORS, resource=MINE, grant=to_other)
    assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=HERE, resource=THEIRS, grant=to_self)
    assert decide(actor(Code.MEMBERS_ORG_MANAGE), Verb.TRANSFER_RESOURCE, resource=THEIRS, grant=to_self)
    stranger = decide(actor(), Verb.TRANSFER_RESOURCE, workspace=EDITORS, resource=THEIRS, grant=to_other)
    assert stranger.reason is Reason.NO_RIGHT
    more = decide(actor(Code.MEMBERS_ORG_MANAGE), Verb.TRANSFER_RESOURCE, workspace=EDITORS, resource=THEIRS,
                  role=RoleFacts(0, ADMIN), grant=to_other)  # fmt: skip
    assert more.reason is Reason.GIVES_MORE


def test_what_is_private_to_somebody_is_given_to_others_never_taken() -> None:
    to_other, to_self = GrantFacts(frozenset()), GrantFacts(frozenset(), reaches_actor=True)
    assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=HERE, resource=HIDDEN, grant=to_other)
    assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=HERE, resource=HIDDEN)
    taken = decide(actor(), Verb.TRANSFER_RESOURCE, workspace=HERE, resource=HIDDEN, grant=to_self)
    assert taken.reason is Reason.PRIVATE
    for free in (replace(HIDDEN, is_owner=True), replace(HIDDEN, is_orphan=True), THEIRS):
        assert decide(actor(), Verb.TRANSFER_RESOURCE, workspace=HERE, resource=free, grant=to_self)
    shared = decide(
        actor(), Verb.SHARE_RESOURCE, workspace=HERE, resource=replace(HIDDEN, is_owner=True), grant=to_self
    )
    assert shared  # only a transfer would open it


@pytest.mark.row("I15", "I17")
def test_default_drives_are_asked_of_organization_and_workspace_apart() -> None:
    assert decide(actor("drives.org.set_default"), Verb.CHOOSE_DRIVE)
    assert decide(actor(), Verb.CHOOSE_DRIVE, workspace=HERE)
    assert decide(actor("drives.workspace.set_default"), Verb.CHOOSE_DRIVE).reason is Reason.NO_RIGHT
    elsewhere = decide(actor("drives.org.set_default"), Verb.CHOOSE_DRIVE, workspace=EDITORS)
    assert elsewhere.reason is Reason.NO_RIGHT
