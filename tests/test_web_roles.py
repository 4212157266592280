"""The pages about roles: matrix, one role, comparison, editor, deletion, scheme."""

import html
import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.people import make_stale
from tests.stage import Stage
from tests.visiting import HTMX, Answer, body_of, hidden_of, queries_of, visitor, words_of
from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Code, Scope
from workspaces.models import Grant, Member, Role, RolePermission
from workspaces.queries.role_matrix import capital
from workspaces.views import scheme

pytestmark = pytest.mark.django_db

DEPLOYING = ("workspace.view", "deployments.view", "deployments.create")


@pytest.fixture
def deployer(stage: Stage) -> Role:
    """A custom role that Ben has in Research."""
    role = cast.custom_role(stage.acme.organization, "Releaser", Scope.WORKSPACE, *DEPLOYING)
    cast.place(stage.acme.olga, stage.member(stage.acme.ben), stage.research, role.pk)
    return role


def url(stage: Stage, role: Role | int, path: str = "") -> str:
    return stage.url(f"roles/{role if isinstance(role, int) else role.pk}/{path}")


def codes_of(role: Role) -> set[str]:
    return set(RolePermission.objects.filter(role=role).values_list("permission", flat=True))


def entry(role: Role, *codes: str, **more: Any) -> dict[str, Any]:
    return {"name": role.name, "audience": "", "permissions": codes, "scope": role.scope, **more}


# --- the matrix


def rows_of(answer: Answer) -> dict[str, list[str]]:
    """What the matrix says: label -> a word for each role."""
    found = {}
    for row in re.findall(r'(?s)<tr class="r-matrix-row">(.*?)</tr>', body_of(answer)):
        label = re.search(r"<span tabindex[^>]*>(.*?)</span>", row)
        assert label
        found[html.unescape(label[1])] = re.findall(r"</svg>([^<]+)</td>", row)
    return found


@pytest.mark.row("A11", "I11", "N6", "D10", "I1", "I2", "I12", "I13", "A24")
@pytest.mark.parametrize("scope", [Scope.WORKSPACE, Scope.ORGANIZATION])
def test_the_matrix_says_of_every_permission_which_role_can_and_which_cannot(stage: Stage, scope: Scope) -> None:
    answer = visitor(stage.max).get(stage.url("roles/"), {"scope": scope})
    assert answer.status_code == 200
    rows = rows_of(answer)
    roles = [
        role
        for role in BUILT_IN_ROLES.values()
        if role.scope == scope and role.scheme in ("", stage.acme.organization.scheme)
    ]
    single = [each for each in PERMISSIONS.values() if each.scope == scope and each.area != "Compute platform"]
    for permission in single:
        wanted = ["Yes" if permission.code in role.permissions else "No" for role in roles]
        assert rows[capital(permission.ability)][: len(wanted)] == wanted, permission.code
    words = words_of(answer)
    if scope == Scope.WORKSPACE:
        # The areas of the compute platform are read, or read and written.
        assert rows["Endpoints"][:3] == ["Read", "Read/Write", "Read/Write"]
        assert rows["Secrets"][:3] == ["No", "No", "Read/Write"]
        assert "High risk to write" in words
        assert "Enforced by Notebooks, which has not asked yet" in words
    else:
        assert rows["Open every workspace"][:3] == ["No", "No", "Yes"]


@pytest.mark.row("A14", "A15", "A16", "I5")
def test_roles_of_the_scheme_stand_in_it_and_others_do_not_exist(stage: Stage, olga: Client) -> None:
    organization = cast.found(stage.acme.olga, "Antryx", "infrastructure")
    here = f"/o/{organization.slug}/roles/"
    words = words_of(olga.get(here))
    assert "Developer" in words
    assert "Account Admin" in words
    assert "Viewer" not in words
    developer = words_of(olga.get(f"{here}{BuiltIn.INFRASTRUCTURE_DEVELOPER}/"))
    assert "Engineers who build and deploy." in developer
    for restriction in ("No billing", "No changes of who has access", "No change of ownership"):
        assert restriction in developer
    for power in (
        "Create and manage resources",
        "Deploy",
        "See deployments and logs",
        "Change application configuration",
    ):
        assert power in developer.split("Cannot 6")[0]
    admin = words_of(olga.get(f"{here}{BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN}/"))
    assert "Reads billing, changes nothing" in admin
    assert "Changes who has access to the workspace" in admin
    assert olga.get(f"{here}{BuiltIn.STANDARD_VIEWER}/").status_code == 404
    assert "Manager" not in words_of(olga.get(f"{here}?scope=organization"))


def test_a_role_says_who_has_it_only_to_whoever_may_see_them(stage: Stage, olga: Client, deployer: Role) -> None:
    team = stage.data_team
    cast.grant_group(team, stage.acme.default, deployer.pk)
    cast.grant_everyone(stage.acme.default, deployer.pk)
    words = words_of(olga.get(url(stage, deployer)))
    for each in ("Research", "Ben Weber", "Data team (1 person)", "Everyone"):
        assert each in words
    mia = words_of(visitor(stage.acme.mia).get(url(stage, deployer)))
    assert "Ben Weber" in mia
    lena = words_of(visitor(stage.lena).get(url(stage, deployer)))  # sees only where everyone is
    assert "Data team" in lena
    assert "Ben Weber" not in lena
    assert "Research" not in lena
    stage.acme.organization.members_see_members = False
    stage.acme.organization.save()
    assert "Data team" not in words_of(visitor(stage.lena).get(url(stage, deployer)))
    assert "Only those who manage members" in words_of(visitor(stage.lena).get(url(stage, BuiltIn.ADMIN)))


def test_two_roles_beside_each_other_differences_first(stage: Stage, olga: Client, deployer: Role) -> None:
    answer = olga.get(url(stage, BuiltIn.STANDARD_VIEWER, "compare/"), {"with": BuiltIn.STANDARD_EDITOR})
    words = words_of(answer)
    assert "Editor can do all that Viewer can, and more." in words
    assert words.index("Only Viewer can") < words.index("Only Editor can") < words.index("Both can")
    assert "Each of them can do what the other cannot." in words_of(
        olga.get(url(stage, BuiltIn.STANDARD_VIEWER, "compare/"), {"with": deployer.pk})
    )
    for other in (BuiltIn.MEMBER, BuiltIn.MANAGED_MEMBER, 10**9):
        assert olga.get(url(stage, BuiltIn.STANDARD_VIEWER, "compare/"), {"with": other}).status_code == 404


def test_more_roles_and_holders_cost_no_more_queries(stage: Stage, olga: Client, deployer: Role) -> None:
    cast.grant_group(stage.data_team, stage.research, deployer.pk)
    pages = (stage.url("roles/"), url(stage, deployer), url(stage, deployer, "edit/"))
    before = [len(queries_of(olga, each)) for each in pages]
    for number in range(4):
        cast.custom_role(stage.acme.organization, f"Role {number}", Scope.WORKSPACE, *DEPLOYING)
        lab = cast.workspace_in(stage.acme.organization, f"Lab {number}")
        cast.place(stage.acme.olga, stage.member(stage.max), lab, deployer.pk)
        cast.grant_group(stage.data_team, lab, deployer.pk)
    after = [len(queries_of(olga, each)) for each in pages]
    assert after[0] == before[0]
    assert after[1] == before[1]
    assert after[2] <= before[2] + 1  # people in several workspaces are counted once: one more


# --- the editor


@pytest.mark.row("A17", "L13")
def test_a_role_is_made_from_scratch_and_as_a_copy(stage: Stage, olga: Client) -> None:
    made = olga.post(
        stage.url("roles/new/"),
        {
            "scope": "workspace",
            "name": "Releaser",
            "permissions": [*DEPLOYING, "endpoints.read"],
            "audience": "On call.",
        },
    )
    role = Role.objects.get(name="Releaser")
    assert (made.status_code, made["Location"]) == (303, url(stage, role))
    assert (role.audience, codes_of(role)) == ("On call.", {*DEPLOYING, "endpoints.read"})
    copy = olga.get(stage.url("roles/new/"), {"copy": role.pk})
    assert 'value="Copy of Releaser"' in body_of(copy)
    ticked = set(re.findall(r'value="([\w.]+)" checked', body_of(copy)))
    assert ticked == {*DEPLOYING, "endpoints.read"}
    assert "High risk" in words_of(copy)


@pytest.mark.claim("P10")
def test_the_choice_is_limited_to_what_the_editor_holds(stage: Stage) -> None:
    keeper = cast.custom_role(
        stage.acme.organization, "Keeper", Scope.ORGANIZATION, Code.ROLES_MANAGE, Code.MEMBERS_VIEW
    )
    Member.objects.filter(pk=stage.member(stage.max).pk).update(role=keeper)
    max_ = visitor(stage.max)
    page = max_.get(stage.url("roles/new/"), {"scope": "organization"})
    offered = set(re.findall(r'name="permissions" value="([\w.]+)">', body_of(page)))
    assert offered == {Code.ROLES_MANAGE, Code.MEMBERS_VIEW}
    refused = max_.post(
        stage.url("roles/new/"), {"scope": "organization", "name": "Purser", "permissions": ["billing.manage"]}
    )
    assert refused.status_code == 422
    assert "A role can only hold what you hold yourself." in words_of(refused)
    assert not re.findall(r'name="permissions" value="[\w.]+">', body_of(max_.get(stage.url("roles/new/"))))
    copy = max_.get(stage.url("roles/new/"), {"copy": BuiltIn.ADMIN})
    assert "permissions are left out" in words_of(copy)
    assert max_.get(url(stage, keeper, "edit/")).status_code == 200
    biller = cast.custom_role(stage.acme.organization, "Biller", Scope.ORGANIZATION, "billing.manage")
    assert max_.get(url(stage, biller, "edit/")).status_code == 403
    assert "This role holds permissions that you do not hold." in body_of(max_.get(url(stage, biller)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Viewer"}, "There is a role of this name already."),
        ({"name": "x" * 81}, "A name has at most 80 characters"),
        ({"permissions": []}, "Choose at least one permission."),
    ],
)
def test_what_was_typed_is_kept_when_something_is_wrong(
    stage: Stage, olga: Client, deployer: Role, change: Mapping[str, Any], sentence: str
) -> None:
    given = entry(deployer, *DEPLOYING, "domains.manage", audience="Those on call.") | change
    preview = olga.post(url(stage, deployer, "edit/preview/"), given)
    answer = olga.post(url(stage, deployer, "edit/"), given | {"seen": hidden_of(preview, "seen")})
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert 'value="Those on call."' in body_of(answer)
    assert f'value="{given["name"]}"' in body_of(answer) or not given["name"]
    assert set(re.findall(r'value="([\w.]+)" checked', body_of(answer))) == set(given["permissions"])
    assert codes_of(deployer) == set(DEPLOYING)


def test_an_edit_is_saved_only_when_its_effects_were_seen(stage: Stage, olga: Client, deployer: Role) -> None:
    given = entry(deployer, "workspace.view", "deployments.view", "domains.manage")
    unseen = olga.post(url(stage, deployer, "edit/"), given)
    assert unseen.status_code == 409
    words = words_of(unseen)
    assert "Look at what this does, then save." in words
    assert "1 person gains" in words
    assert "Manage domains and redirects High risk" in words.split("gains")[1]
    assert codes_of(deployer) == set(DEPLOYING)
    saved = olga.post(url(stage, deployer, "edit/"), given | {"seen": hidden_of(unseen, "seen")})
    assert saved.status_code == 303
    assert codes_of(deployer) == {"workspace.view", "deployments.view", "domains.manage"}
    assert "1 added, 1 taken out" in words_of(olga.get(url(stage, deployer)))
    assert "taken out" not in words_of(visitor(stage.max).get(url(stage, deployer)))
    # What was seen was another choice, or another role than there is now.
    again = olga.post(url(stage, deployer, "edit/"), given | {"seen": hidden_of(unseen, "seen")})
    assert again.status_code == 409


def test_under_htmx_the_preview_is_the_region_alone(stage: Stage, olga: Client, deployer: Role) -> None:
    given = entry(deployer, *DEPLOYING, "domains.manage")
    region = olga.post(url(stage, deployer, "edit/preview/"), given, headers=HTMX)
    assert body_of(region).lstrip().startswith('<div id="effects"')
    assert "Manage domains and redirects" in words_of(region)
    assert codes_of(deployer) == set(DEPLOYING)


@pytest.mark.claim("P11")
def test_an_edit_that_leaves_a_workspace_without_an_admin_says_so_before_and_when_saved(
    stage: Stage, olga: Client
) -> None:
    top = BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions
    lead = cast.custom_role(stage.acme.organization, "Lead", Scope.WORKSPACE, *top)
    Grant.objects.filter(workspace=stage.research).update(role=lead)
    given = entry(lead, *(top - {"domains.manage"}))
    preview = olga.post(url(stage, lead, "edit/preview/"), given)
    sentence = "Research would be left without an admin. Give somebody the role Admin there first."
    assert sentence in words_of(preview)
    answer = olga.post(url(stage, lead, "edit/"), given | {"seen": hidden_of(preview, "seen")})
    assert answer.status_code == 409
    assert sentence in words_of(answer)


# --- deleted and replaced


def test_a_role_in_use_is_deleted_only_with_another_whose_effects_were_seen(
    stage: Stage, olga: Client, deployer: Role
) -> None:
    here = url(stage, deployer, "delete/")
    assert "1 person has it" in words_of(olga.get(here))
    assert olga.post(here).status_code == 422
    unseen = olga.post(here, {"replacement": BuiltIn.STANDARD_VIEWER})
    assert unseen.status_code == 409
    seen = olga.get(here, {"replacement": BuiltIn.STANDARD_VIEWER})
    assert "1 person loses Deploy" in words_of(seen)
    done = olga.post(here, {"replacement": BuiltIn.STANDARD_VIEWER, "seen": hidden_of(seen, "seen")})
    assert done.status_code == 303
    assert not Role.objects.filter(pk=deployer.pk).exists()
    assert Grant.objects.filter(workspace=stage.research, role=BuiltIn.STANDARD_VIEWER).count() == 1


def test_an_unused_role_is_deleted_at_once_and_built_in_ones_never(stage: Stage, olga: Client) -> None:
    role = cast.custom_role(stage.acme.organization, "Unused", Scope.WORKSPACE, *DEPLOYING)
    assert "This cannot be undone" in words_of(olga.get(url(stage, role, "delete/")))
    assert olga.post(url(stage, role, "delete/")).status_code == 303
    for path in ("edit/", "delete/"):
        answer = olga.get(url(stage, BuiltIn.STANDARD_VIEWER, path))
        assert answer.status_code == 409
        assert "Built-in roles are fixed. Make a copy and change that." in words_of(answer)
    history = words_of(olga.get(stage.url("history/")))
    assert "deleted the role Unused" in history


# --- the scheme


@pytest.mark.row("I2", "I5")
def test_the_scheme_is_changed_after_its_effects_were_seen(stage: Stage, olga: Client) -> None:
    here = stage.url("settings/scheme/")
    assert "Managed" in words_of(olga.get(here))
    page = olga.get(here, {"to": "managed"})
    words = words_of(page)
    assert "Everyone, who is Editor in 1 workspace" in words
    assert "people lose" in words
    fields = re.findall(r'<select name="(\w+)"', body_of(page))
    given: dict[str, Any] = dict.fromkeys(fields, BuiltIn.MANAGED_MEMBER) | {"to": "managed"}
    given["people_13"] = BuiltIn.MANAGED_MANAGER
    assert olga.post(here, {**given, "seen": ""}).status_code == 409
    refused = given | {"people_13": BuiltIn.MANAGED_MEMBER}
    preview = olga.post(f"{here}preview/", refused)
    assert "would be left without an admin. Let Admin become Manager" in words_of(preview)
    answer = olga.post(here, refused | {"seen": hidden_of(preview, "seen")})
    assert answer.status_code == 409
    assert "left without an admin" in words_of(answer)
    preview = olga.post(f"{here}preview/", given)
    done = olga.post(here, given | {"seen": hidden_of(preview, "seen")})
    assert done.status_code == 303
    roles = words_of(olga.get(stage.url("roles/")))
    assert "Manager" in roles
    assert "Viewer" not in roles
    assert olga.post(here, given).status_code == 422  # it is the present one now
    assert olga.post(here, {**given, "to": "standard"}).status_code == 422


def test_in_a_large_organization_the_page_comes_before_its_effects_are_counted(
    stage: Stage, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheme, "LARGE", 0)
    here = stage.url("settings/scheme/")
    page = olga.get(here, {"to": "managed"})
    assert "Who gains and who loses is still to be counted." in words_of(page)
    assert "people lose" not in words_of(page)
    asked = re.search(r'<div id="effects"[^>]* hx-post="([^"]+)" hx-trigger="load"', body_of(page))
    assert asked is not None
    given = dict(re.findall(r'<select name="(\w+)".*?<option value="(\d+)" selected', body_of(page), re.DOTALL))
    counted = olga.post(asked[1], given | {"to": "managed"}, headers=HTMX)
    assert "people lose" in words_of(counted)
    assert hidden_of(counted, "seen")


@pytest.mark.claim("P15")
def test_a_role_that_would_make_administrators_is_saved_after_a_fresh_proof_and_nothing_chosen_is_lost(
    stage: Stage, olga: Client
) -> None:
    role = cast.custom_role(stage.acme.organization, "Helper", Scope.ORGANIZATION, Code.MEMBERS_VIEW)
    make_stale(olga)
    chosen = entry(role, Code.MEMBERS_VIEW, Code.MEMBERS_ORG_MANAGE)
    seen = {"seen": hidden_of(olga.post(url(stage, role, "edit/preview/"), chosen, headers=HTMX), "seen")}
    answer = olga.post(url(stage, role, "edit/"), chosen | seen)
    assert answer.status_code == 403
    page = body_of(answer)
    assert re.search(
        r'<a href="/accounts/confirm/\?next=[^"]*roles[^"]*" target="_blank">Confirm in a new tab</a>', page
    )
    assert re.search(r'value="members.org.manage" checked', page)
    assert codes_of(role) == {Code.MEMBERS_VIEW}
    make_stale(olga, -301)
    assert olga.post(url(stage, role, "edit/"), chosen | seen).status_code == 303
    assert codes_of(role) == {Code.MEMBERS_VIEW, Code.MEMBERS_ORG_MANAGE}
