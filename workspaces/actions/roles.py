"""Custom roles: made, edited, and deleted or replaced; rows of the built-in ones.

Rights are compared as sets (P10): nobody puts into a role what they lack, nor touches one that holds more than they do.
"""

from collections.abc import Collection

from django.db.models import F, Q
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.names import clean_name
from config.refusals import Refusal
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.regranting import regrant, rename_in_papers
from workspaces.catalogue import BUILT_IN_ROLES, BuiltIn, Scope, scheme_roles, top_role, top_roles
from workspaces.history import ROLE_CHANGED, ROLE_CREATED, ROLE_DELETED, ROLE_EDITED
from workspaces.models import Grant, HostPermission, Label, Member, Organization, Role, RolePermission, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.names import fold
from workspaces.policy import ActorFacts, GrantFacts, RoleFacts, Verb, WorkspaceFacts, decide
from workspaces.queries.admins import admin_roles, must_keep, workspaces_losing_admins
from workspaces.queries.facts import every_code, roles_of
from workspaces.queries.roles import found_role, held_at, use_of
from workspaces.reasons import Reason
from workspaces.registry import roles_replaced

ROLE_LABEL = "role"
MOST_WORDS = 200
"""Characters of what a role says about its audience."""


def create_role(
    *, actor: Actor, organization_id: int, scope: Scope, name: str, permissions: Collection[str], audience: str = ""
) -> Role:
    """A custom role. Locks the organization.

    Raises ValidationError for a name that is none, Refusal 409 for one that is taken, 403 for permissions that the
    actor lacks at the scope, 422 for none and for unknown ones.
    """
    name, codes = clean_name(name), frozenset(permissions)
    with locked(actor=actor, organization_id=organization_id) as held:
        insist_may_make(held.facts, scope, codes)
        _insist_free(held.organization, scope, name)
        role = Role.objects.create(organization=held.organization, scope=scope, name=name, audience=_one_line(audience))
        held.record(ROLE_CREATED, subject=role.pk, after=_described(name, codes), payload={"after": sorted(codes)})
        _add(role, codes)
    return role


def edit_role(
    *,
    actor: Actor,
    organization_id: int,
    role_id: int,
    name: str,
    permissions: Collection[str],
    audience: str = "",
    known: Collection[str] | None = None,
) -> bool:
    """Changes what a custom role is called and holds; those who hold it gain and lose at once. Locks the organization.

    known: what it held when the change was looked at; 409 where somebody changed it since. Refuses what `create_role`
    refuses, and 409 where a workspace would be left without an admin (P11). Returns whether anything changed.
    """
    name, audience, codes = clean_name(name), _one_line(audience), frozenset(permissions)
    with locked(actor=actor, organization_id=organization_id) as held:
        role = custom_role(held.organization, role_id)
        before = permissions_of(role)
        if known is not None and before != frozenset(known):
            raise Refusal(_("Somebody has changed this role meanwhile. Look at it again."), 409, "changed_meanwhile")
        insist_may_edit(held.facts, held.organization, role, codes)
        _insist_free(held.organization, Scope(role.scope), name, role.pk)
        if (role.name, role.audience, before) == (name, audience, codes):
            return False
        held.record(
            ROLE_EDITED,
            subject=role.pk,
            before=_described(role.name, before),
            after=_described(name, codes),
            payload={"before": sorted(before), "after": sorted(codes)},
        )
        Role.objects.filter(pk=role.pk).update(name=name, audience=audience)
        RolePermission.objects.filter(role=role, permission__in=before - codes).delete()
        _add(role, codes - before)
    return True


def delete_role(*, actor: Actor, organization_id: int, role_id: int, replacement_id: int | None = None) -> int:
    """Deletes a custom role; one that is in use only with another in its place, everywhere in the same step. Locks the
    organization.

    Returns how many members or grants got the other. Raises Refusal 409 for a role in use without another.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        role = custom_role(held.organization, role_id)
        replacement = None if replacement_id is None else _replacement(held.organization, role, replacement_id)
        if replacement is None:
            insist_may_delete(held.facts, held.organization, role)
        else:
            insist_may_replace(held.facts, held.organization, role, replacement)
        codes = permissions_of(role)
        held.record(
            ROLE_DELETED,
            subject=role.pk,
            before=_described(role.name, codes),
            after=replacement.name if replacement else "",
            payload={"before": sorted(codes), "replacement": replacement.pk if replacement else None},
        )
        Label.objects.update_or_create(kind=ROLE_LABEL, object_id=role.pk, defaults={"text": role.name})
        replaced = _replace(held, role, replacement) if replacement else 0
        if replacement is None:
            for hook in roles_replaced:
                hook(held, [role.pk], None)
        role.delete()
    return replaced


def _replacement(organization: Organization, role: Role, replacement_id: int) -> Role:
    replacement = found_role(organization, replacement_id)
    if replacement is None or replacement.scope != role.scope or replacement == role:
        raise Http404
    return replacement


def _replace(held: Locked, role: Role, replacement: Role) -> int:
    if role.scope == Scope.ORGANIZATION:
        members = Member.objects.filter(organization=held.organization, role=role)
        held.record_set(ROLE_CHANGED, members, before=F("role__name"), after=replacement.name)
        replaced = members.update(role=replacement)
    else:
        replaced = regrant(held, grants_of(held.organization, role), replacement)
    rename_in_papers(held, [role.pk], replacement)
    return replaced


# --- what may be done, for the writes and for the pages that show it before


def insist_may_make(facts: ActorFacts, scope: Scope, codes: frozenset[str]) -> None:
    """Raises Refusal unless the actor may make a role of these permissions."""
    insist(decide(facts, Verb.MANAGE_ROLES))
    _insist_known(scope, codes)
    insist(decide(facts, Verb.MANAGE_ROLES, role=RoleFacts(0, codes), workspace=_everywhere(facts, scope)))


def insist_may_edit(facts: ActorFacts, organization: Organization, role: Role, codes: frozenset[str]) -> None:
    """Raises Refusal unless the actor may let the role hold these permissions."""
    insist_may_touch(facts, role)
    scope, before = Scope(role.scope), permissions_of(role)
    _insist_known(scope, codes)
    standing = GrantFacts(before, is_everyone=_is_everyones(organization, role))
    proposed = RoleFacts(role.pk, codes)
    insist(decide(facts, Verb.MANAGE_ROLES, role=proposed, workspace=_everywhere(facts, scope), grant=standing))
    if scope == Scope.WORKSPACE:
        insist_read_only(grants_of(organization, role), before, codes, _lowest(organization))
        _insist_admins_remain(organization, role, codes)


def insist_may_touch(facts: ActorFacts, role: Role) -> None:
    """Raises Refusal unless the actor may edit or delete the role as it stands."""
    standing = GrantFacts(permissions_of(role))
    decision = decide(facts, Verb.MANAGE_ROLES, workspace=_everywhere(facts, Scope(role.scope)), grant=standing)
    if decision.reason is Reason.HOLDS_MORE:
        raise Refusal(_("This role holds permissions that you do not hold."), 403, Reason.HOLDS_MORE)
    insist(decision)


def insist_may_delete(facts: ActorFacts, organization: Organization, role: Role) -> None:
    """Raises Refusal unless nothing speaks of the role and the actor may take it away."""
    insist_may_touch(facts, role)
    if use_of(organization, role).is_any:
        raise Reason.ROLE_IN_USE.refusal()


def insist_may_replace(facts: ActorFacts, organization: Organization, role: Role, replacement: Role) -> None:
    """Raises Refusal unless the actor may put the other role in its place, wherever it is held."""
    insist_may_touch(facts, role)
    scope, before = Scope(role.scope), permissions_of(role)
    proposed = RoleFacts(replacement.pk, permissions_of(replacement))
    standing = GrantFacts(before, is_everyone=_is_everyones(organization, role))
    insist(decide(facts, Verb.MANAGE_ROLES, role=proposed, workspace=_everywhere(facts, scope), grant=standing))
    if scope == Scope.WORKSPACE:
        insist_read_only(grants_of(organization, role), before, proposed.permissions, _lowest(organization))
        _insist_admins_remain(organization, role, proposed.permissions)
    elif use_of(organization, role).is_any:
        insist(decide(facts, Verb.UPDATE_ROLE, role=proposed))
        _insist_guests_are_spared(facts, organization, role, replacement)


def insist_read_only(
    grants: GrantQuerySet, before: frozenset[str], after: frozenset[str], lowest: frozenset[str]
) -> None:
    """Raises Refusal 409 where a read-only workspace would come to give more than the scheme's lowest role."""
    if after <= before or after <= lowest:
        return
    place = Workspace.objects.alive().filter(kind=Workspace.Kind.SYSTEM, pk__in=grants.values("workspace")).first()
    if place is not None:
        sentence = _("%(name)s is read-only, and this role is given there. Take it away there first.")
        raise Refusal(sentence % {"name": place.name}, 409, Reason.READ_ONLY)


def without_admin(places: list[Workspace], way_out: str) -> Refusal:
    """409: which workspaces would be left without an admin, and the way out."""
    more = len(places) - 1
    names = ngettext("%(name)s and %(count)s more workspace", "%(name)s and %(count)s more workspaces", more)
    named = names % {"name": places[0].name, "count": more} if more else places[0].name
    sentence = _("%(places)s would be left without an admin.") % {"places": named}
    return Refusal(f"{sentence} {way_out}", 409, Reason.LAST_WORKSPACE_ADMIN)


def custom_role(organization: Organization, role_id: int) -> Role:
    """Raises Http404 for a role that the organization does not have, Refusal 409 for a built-in one."""
    role = found_role(organization, role_id)
    if role is None:
        raise Http404
    if role.organization_id is None:
        raise Refusal(_("Built-in roles are fixed. Make a copy and change that."), 409, "built_in")
    return role


def permissions_of(role: Role) -> frozenset[str]:
    return frozenset(role.permissions.values_list("permission", flat=True))


def grants_of(organization: Organization, role: Role) -> GrantQuerySet:
    return Grant.objects.filter(role=role, workspace__organization=organization)


def _everywhere(facts: ActorFacts, scope: Scope) -> WorkspaceFacts | None:
    """A workspace role counts in every workspace: it is compared with what the actor holds in all of them."""
    if scope == Scope.ORGANIZATION:
        return None
    return WorkspaceFacts(held_at(facts.permissions, every_code(scope), scope))


def _is_everyones(organization: Organization, role: Role) -> bool:
    return grants_of(organization, role).filter(principal_key=0).exists()


def _insist_known(scope: Scope, codes: frozenset[str]) -> None:
    if not codes:
        raise Refusal(_("Choose at least one permission."), 422, "no_permissions")
    if not codes <= every_code(scope):
        raise Refusal(_("A role holds only permissions of its own scope."), 422, "unknown_permissions")


def _insist_free(organization: Organization, scope: Scope, name: str, role_id: int = 0) -> None:
    """Names are compared as people read them, with those of all schemes: the scheme can change."""
    roles = Role.objects.filter(Q(organization=organization) | Q(organization__isnull=True), scope=scope)
    names = roles.exclude(pk=role_id).values_list("name", flat=True)
    if fold(name) in {fold(each) for each in names}:
        raise Refusal(_("There is a role of this name already."), 409, "name_taken")


def _lowest(organization: Organization) -> frozenset[str]:
    return roles_of(organization, Scope.WORKSPACE)[scheme_roles(organization.scheme)[0].id].permissions


def _insist_admins_remain(organization: Organization, role: Role, after: frozenset[str]) -> None:
    admins = admin_roles(organization)
    top = top_role(organization.scheme)
    if role.pk not in admins or roles_of(organization, Scope.WORKSPACE)[top.id].permissions <= after:
        return
    places = workspaces_losing_admins(organization, [each for each in admins if each != role.pk])
    if places:
        way_out = _("Give somebody the role %(role)s there first.") % {"role": top.label}
        raise without_admin(places, way_out)


def _insist_guests_are_spared(facts: ActorFacts, organization: Organization, role: Role, replacement: Role) -> None:
    """Guests count as admins nowhere: whoever is the last one somewhere cannot become one."""
    if replacement.pk != BuiltIn.GUEST:
        return
    members = Member.objects.filter(organization=organization, role=role)
    if must_keep(organization, members, workspaces=True, actor_member_id=facts.member_id):
        sentence = _("Somebody who has this role is the last admin of a workspace. Name another admin there first.")
        raise Refusal(sentence, 409, Reason.LAST_WORKSPACE_ADMIN)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MOST_WORDS]


def _described(name: str, codes: Collection[str]) -> str:
    return f"{name}, {len(codes)} {'permission' if len(codes) == 1 else 'permissions'}"


def _add(role: Role, codes: Collection[str]) -> None:
    RolePermission.objects.bulk_create([RolePermission(role=role, permission=code) for code in sorted(codes)])


# --- the built-in ones


def sync_built_in_roles() -> None:
    """Makes the rows of built-in roles equal to the catalogue and to what host products registered, which is in the top
    roles at least. Safe to run any number of times.
    """
    Role.objects.bulk_create(
        [
            Role(id=role.id, scope=role.scope, scheme=role.scheme, name=role.name, audience=role.audience)
            for role in BUILT_IN_ROLES.values()
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["scope", "scheme", "name", "audience"],
    )
    wanted = {(role.id.value, code) for role in BUILT_IN_ROLES.values() for code in role.permissions}
    registered = dict(HostPermission.objects.values_list("code", "scope"))
    wanted |= {(role_id, code) for code, scope in registered.items() for role_id in top_roles(scope)}
    present = set(RolePermission.objects.filter(role__organization__isnull=True).values_list("role_id", "permission"))
    unknown = {(role_id, code) for role_id, code in present - wanted if code not in registered}
    for role_id, code in unknown:
        RolePermission.objects.filter(role_id=role_id, permission=code).delete()
    RolePermission.objects.bulk_create(
        [RolePermission(role_id=role_id, permission=code) for role_id, code in sorted(wanted - present)]
    )
