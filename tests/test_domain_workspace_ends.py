"""How workspaces end: deleted behind what stands in the way, restored within thirty days, purged after them."""

import pytest
from django.http import Http404
from django.utils import timezone

from config.refusals import Refusal
from tests import cast
from tests.cast import Acme, Said, history, refused, web
from tests.places import admins_of, days_ago, delete, held, make, on, restore, sees
from workspaces.actions import members, workspaces
from workspaces.actions.hosts import hand_in
from workspaces.actions.requests import ask_for_access
from workspaces.catalogue import BuiltIn, Scheme
from workspaces.hosts import KnownProduct, RegisteredResource, ReportedCount, VanishedResource
from workspaces.models import AccessRequest, Grant, Label, Workspace
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


@pytest.mark.row("N23", "I13")
@pytest.mark.claim("P12", "P15", "P21")
def test_a_deleted_workspace_gives_no_rights_and_is_gone_for_everybody(world: Acme) -> None:
    stale = {**on(world.mia, world.research), "actor": web(world.mia, is_fresh=False)}
    with refused(401, Reason.CONFIRM):
        workspaces.delete_workspace(**stale, confirmed_name="Research")
    with refused(403, Reason.NO_RIGHT):
        workspaces.delete_workspace(**on(world.ben, world.research), confirmed_name="Research")
    with refused(422, "name_differs"):
        workspaces.delete_workspace(**on(world.mia, world.research), confirmed_name="research")
    delete(world.mia, world.research)
    assert [held(user, world.research) for user in (world.olga, world.mia)] == [frozenset(), frozenset()]
    assert history(world.organization, "workspace.deleted") == [
        Said("workspace.deleted", world.research.pk, before="Research")
    ]
    for act in (
        lambda: delete(world.mia, world.research),
        lambda: workspaces.archive_workspace(**on(world.olga, world.research)),
        lambda: workspaces.join_workspace(**on(world.ben, world.research)),
        lambda: workspaces.leave_workspace(**on(world.mia, world.research)),
    ):
        with pytest.raises(Http404):
            act()


@pytest.mark.row("N23")
@pytest.mark.parametrize(
    ("scheme", "top", "may"),
    [
        (Scheme.STANDARD, BuiltIn.STANDARD_ADMIN, True),
        (Scheme.MANAGED, BuiltIn.MANAGED_MANAGER, False),
        (Scheme.INFRASTRUCTURE, BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN, False),
    ],
)
def test_workspace_admins_delete_workspaces_in_the_standard_scheme_only(
    scheme: Scheme, top: BuiltIn, may: bool
) -> None:
    olga, mia = cast.person("olga@acme.example", "Olga"), cast.person("mia@acme.example")
    organization = cast.found(olga, "Acme", scheme)
    lab = make(olga, organization, admin_id=cast.join(olga, organization, mia).pk)
    if may:
        delete(mia, lab)
    else:
        with refused(403, Reason.NO_RIGHT):
            delete(mia, lab)
        delete(olga, lab)
    assert not organization.workspaces.alive().filter(pk=lab.pk).exists()


def keep_in_research(*external_ids: str, kind: str = "project") -> None:
    receipt = hand_in(
        [
            KnownProduct(name="Notebooks", url="https://notebooks.example/"),
            *(
                RegisteredResource(
                    organization="acme",
                    product="Notebooks",
                    external_id=each,
                    kind=kind,
                    name=each,
                    workspace="research",
                )
                for each in external_ids
            ),
        ]
    )
    assert receipt.problems == []


def count_in_research(kind: str, value: int) -> None:
    counted = ReportedCount(
        organization="acme",
        workspace="research",
        product="Notebooks",
        kind=kind,
        value=value,
        reported_at=timezone.now(),
    )
    assert hand_in([counted]).problems == []


@pytest.mark.row("N24", "N25")
def test_a_workspace_that_holds_resources_is_not_deleted_and_says_what_is_in_the_way(world: Acme) -> None:
    def insist_on(words: str) -> None:
        with pytest.raises(Refusal) as refusal:
            delete(world.mia, world.research)
        assert (refusal.value.status, refusal.value.code) == (409, Reason.HAS_RESOURCES)
        assert f"Research still holds {words}." in str(refusal.value)

    keep_in_research("p1", "p2", "p3")
    count_in_research("data set", 5)
    insist_on("data set (5), project (3)")
    count_in_research("data set", 0)
    hand_in([VanishedResource(organization="acme", product="Notebooks", external_id=each) for each in ("p1", "p2")])
    insist_on("project (1)")
    hand_in([VanishedResource(organization="acme", product="Notebooks", external_id="p3")])
    delete(world.mia, world.research)


def test_for_thirty_days_a_deletion_can_be_taken_back_by_organization_admins(world: Acme) -> None:
    delete(world.mia, world.research)
    with refused(403, Reason.NO_RIGHT):
        restore(world.mia, world.research)
    days_ago(world.research, 29.9)
    restore(world.olga, world.research)
    assert sees(world.mia, world.research)
    assert admins_of(world.research) == {world.member(world.mia).pk}
    assert not Grant.objects.filter(workspace=world.research, member=world.member(world.olga)).exists()
    with pytest.raises(Http404):
        restore(world.olga, world.research)
    delete(world.mia, world.research)
    days_ago(world.research, 30.001)
    with pytest.raises(Http404):
        restore(world.olga, world.research)


@pytest.mark.claim("P11")
def test_a_restored_workspace_without_an_admin_gets_one_in_the_same_step(world: Acme) -> None:
    delete(world.mia, world.research)
    mia = world.member(world.mia)
    # Deleted, it stands in nobody's way.
    assert members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(mia)).changed
    with pytest.raises(Http404):
        restore(world.priya, world.research, world.member(world.tom))
    assert Workspace.objects.get(pk=world.research.pk).deleted_at is not None
    restore(world.priya, world.research, world.member(world.ben))
    assert admins_of(world.research) == {world.member(world.ben).pk}
    delete(world.ben, world.research)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.ben)))
    restore(world.priya, world.research)
    assert admins_of(world.research) == {world.member(world.priya).pk}


@pytest.mark.claim("P13", "P21")
def test_after_thirty_days_it_is_gone_with_everything_in_it_and_the_history_stays(world: Acme) -> None:
    ben = world.member(world.ben)
    cast.grant_group(cast.group_of(world.olga, world.organization, "Leads", ben), world.research, 11)
    other = make(world.olga, world.organization, "Other")
    workspaces.choose_default_workspace(**on(world.mia, world.research))
    for workspace in (world.research, other):
        delete(world.olga, workspace)
    days_ago(world.research, 30.001)
    days_ago(other, 29.9)
    assert [workspaces.purge_workspaces(), workspaces.purge_workspaces()] == [1, 0]
    assert not Workspace.objects.filter(pk=world.research.pk).exists()
    assert Workspace.objects.filter(pk=other.pk).exists()
    assert not Grant.objects.filter(workspace=world.research.pk).exists()
    assert world.member(world.mia).default_workspace is None
    assert history(world.organization, "workspace.purged") == [
        Said("workspace.purged", world.research.pk, before="Research")
    ]
    assert Label.objects.get(kind="workspace", object_id=world.research.pk).text == "Research"
    assert Said("workspace.deleted", world.research.pk, before="Research") in history(world.organization)
    assert make(world.olga, world.organization, "Research").slug == "research"


def test_a_purge_takes_requests_for_the_workspace_along(world: Acme) -> None:
    ask_for_access(
        actor=web(world.ben),
        organization_id=world.id,
        workspace_id=world.research.pk,
        role_id=BuiltIn.STANDARD_EDITOR,
        message="",
    )
    delete(world.mia, world.research)
    days_ago(world.research, 31)
    workspaces.purge_workspaces()
    assert not AccessRequest.objects.exists()
