"""What a person may choose from in forms: within their rights, and named. At most MOST of each."""

from collections.abc import Iterable

from config.sentences import Sentence
from workspaces.catalogue import Code, Scope, role_label, role_words, scheme_roles
from workspaces.models import Group, GroupManager, Organization, Role, Workspace
from workspaces.policy import ActorFacts, Verb, decide
from workspaces.queries.facts import group_facts, roles_of, workspace_facts, workspace_permissions

MOST = 500

type Choices = list[tuple[int, str]]


def giveable_roles(organization: Organization, facts: ActorFacts) -> Choices:
    """Organization roles within what the person holds, lowest first."""
    roles = roles_of(organization, Scope.ORGANIZATION)
    return _named_roles(pk for pk, role in roles.items() if role.permissions <= facts.permissions)


def giveable_groups(organization: Organization, facts: ActorFacts) -> Choices:
    """Groups into which the person may put people."""
    groups = Group.objects.filter(organization=organization)
    if not decide(facts, Verb.ADD_TO_GROUP):
        groups = groups.filter(managers__member=facts.member_id)
    named = list(groups.order_by("sort_name").values_list("pk", "name")[:MOST])
    about = group_facts(organization, facts, [pk for pk, _ in named])
    return [(pk, name) for pk, name in named if decide(facts, Verb.ADD_TO_GROUP, group=about[pk])]


def giveable_places(organization: Organization, facts: ActorFacts) -> tuple[Choices, Choices]:
    """Workspaces whose members the person manages, and the workspace roles within what they hold in any of them."""
    held = workspace_permissions(organization, facts)
    managed = {pk: codes for pk, codes in held.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes}
    workspaces = Workspace.objects.filter(pk__in=managed).order_by("name").values_list("pk", "name")
    most: frozenset[str] = frozenset().union(*managed.values())
    roles = roles_of(organization, Scope.WORKSPACE)
    return list(workspaces[:MOST]), _named_roles(pk for pk, role in roles.items() if role.permissions <= most)


def lowest_places(organization: Organization, facts: ActorFacts) -> Choices:
    """Workspaces in which the person may give the scheme's lowest role."""
    role = roles_of(organization, Scope.WORKSPACE)[scheme_roles(organization.scheme)[0].id]
    managed, _roles = giveable_places(organization, facts)
    places = workspace_facts(organization, facts, [pk for pk, _name in managed])
    return [(pk, n) for pk, n in managed if decide(facts, Verb.ADD_TO_WORKSPACE, workspace=places[pk], role=role)]


def manages_some_workspace(organization: Organization, facts: ActorFacts) -> bool:
    held = workspace_permissions(organization, facts)
    return any(Code.MEMBERS_WORKSPACE_MANAGE in codes for codes in held.values())


def may_invite(organization: Organization, facts: ActorFacts) -> bool:
    """Into the organization, or, where its policy lets them, into some workspace."""
    if decide(facts, Verb.INVITE):
        return True
    return organization.workspace_admins_invite and manages_some_workspace(organization, facts)


def manages_some_group(facts: ActorFacts) -> bool:
    return facts.member_id is not None and GroupManager.objects.filter(member=facts.member_id).exists()


def groups_of(organization: Organization, ids: Iterable[int] | None = None) -> Choices:
    """The organization's groups by name, or those of the ids that are its own."""
    groups = Group.objects.filter(organization=organization).order_by("sort_name")
    return list((groups if ids is None else groups.filter(pk__in=list(ids))).values_list("pk", "name")[:MOST])


def workspaces_of(organization: Organization, ids: Iterable[int] | None = None) -> Choices:
    """The organization's workspaces by name, or those of the ids that are its own."""
    workspaces = Workspace.objects.filter(organization=organization).order_by("name")
    return list((workspaces if ids is None else workspaces.filter(pk__in=list(ids))).values_list("pk", "name")[:MOST])


def role_name(role_id: int) -> Sentence | str:
    return role_words(role_id, Role.objects.values_list("name", flat=True).get(pk=role_id))


def _named_roles(ids: Iterable[int]) -> Choices:
    wanted = list(ids)
    names = dict(Role.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return [(pk, role_label(pk, names[pk])) for pk in wanted]
