"""The change from one role scheme to another: every role that is held becomes one of the new scheme, as was decided.

Whoever may change the scheme may open every workspace, so they hold whatever a role of workspaces can give (P10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.actors import Actor
from config.refusals import Refusal
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.regranting import regrant, rename_in_papers
from workspaces.actions.roles import insist_read_only, without_admin
from workspaces.catalogue import (
    FIRST_CUSTOM_ROLE_ID,
    BuiltInRole,
    Code,
    Scheme,
    Scope,
    everyday_role,
    scheme_roles,
    top_role,
)
from workspaces.history import SCHEME_CHANGED, kept_label
from workspaces.models import Grant, Organization, Role
from workspaces.models.grants import GrantQuerySet
from workspaces.policy import ActorFacts, RoleFacts, Verb, decide
from workspaces.queries.admins import workspaces_losing_admins
from workspaces.queries.facts import roles_of
from workspaces.reasons import Reason


@dataclass(frozen=True, slots=True)
class Mapped:
    """Old role -> new role: for people and groups, for everyone, and for those who have not accepted yet."""

    people: Mapping[int, int]
    everyone: Mapping[int, int] = field(default_factory=dict)
    waiting: Mapping[int, int] = field(default_factory=dict)

    def ways(self) -> tuple[Mapping[int, int], Mapping[int, int], Mapping[int, int]]:
        """Whom nothing else was decided for go with the people."""
        return self.people, {**self.people, **self.everyone}, {**self.people, **self.waiting}


def proposed_mapping(before: str, after: str) -> dict[int, int]:
    """Lowest to lowest, top to top, what is between to the everyday role."""
    lowest, *between, top = (role.id.value for role in scheme_roles(before))
    found = {lowest: scheme_roles(after)[0].id.value, top: top_role(after).id.value}
    return {lowest: found[lowest], **dict.fromkeys(between, everyday_role(after).id.value), top: found[top]}


def change_scheme(*, actor: Actor, organization_id: int, known: str, scheme: str, mapped: Mapped) -> int:
    """Gives the organization other workspace roles and maps all that is granted; custom roles stay as they are. Locks
    the organization.

    known: the scheme that the mapping starts from; 409 where it is another by now. Raises Refusal 409 where a shared
    workspace would be left without an admin, 403 where everyone would manage members, 422 for a mapping with gaps.
    Returns the number of changed grants.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        organization, before = held.organization, held.organization.scheme
        if before != known:
            raise Refusal(_("The scheme has been changed meanwhile. Look at it again."), 409, "changed_meanwhile")
        insist_may_change(held.facts, organization, scheme, mapped)
        held.record(
            SCHEME_CHANGED,
            subject=organization.pk,
            before=kept_label(Scheme(before).label).split(":")[0],
            after=kept_label(Scheme(scheme).label).split(":")[0],
            payload=dict(zip(("people", "everyone", "waiting"), map(_text, mapped.ways()), strict=True)),
        )
        changed = sum(_map(held, role, mapped) for role in scheme_roles(before))
        Organization.objects.filter(pk=organization.pk).update(scheme=scheme)
    return changed


def insist_may_change(facts: ActorFacts, organization: Organization, scheme: str, mapped: Mapped) -> None:
    """Raises Refusal unless the actor may change the scheme so, and nothing is left without an admin."""
    insist(decide(facts, Verb.CHANGE_SCHEME))
    _insist_complete(organization.scheme, scheme, mapped)
    then = roles_after(organization, scheme)
    lowest = then[scheme_roles(scheme)[0].id].permissions
    for role in scheme_roles(organization.scheme):
        becomes = [then[way[role.id]].permissions for way in mapped.ways()]
        ways = _ways(organization, role)
        for codes, grants in zip(becomes, ways, strict=True):
            insist_read_only(grants, frozenset(), codes, lowest)
        if Code.MEMBERS_WORKSPACE_MANAGE in becomes[1] and ways[1].exists():
            raise Reason.EVERYONE_MANAGES.refusal()
    _insist_admins_remain(organization, scheme, mapped.people)


def _insist_complete(before: str, after: str, mapped: Mapped) -> None:
    if after not in Scheme.values or after == before:
        raise Refusal(_("Choose another scheme than the present one."), 422, "same_scheme")
    old, new = ({role.id.value for role in scheme_roles(each)} for each in (before, after))
    complete = set(mapped.people) == old and {*mapped.everyone, *mapped.waiting} <= old
    if not complete or not {role for way in mapped.ways() for role in way.values()} <= new:
        raise Refusal(_("Choose for each role what becomes of it."), 422, "incomplete")


def _insist_admins_remain(organization: Organization, scheme: str, people: Mapping[int, int]) -> None:
    held = {role.id: role.permissions for role in roles_after(organization, scheme).values()}
    top = held[top_role(scheme).id]
    admins_after = [role for role, codes in held.items() if role >= FIRST_CUSTOM_ROLE_ID and top <= codes]
    admins_after += [old for old, new in people.items() if top <= held[new]]
    places = workspaces_losing_admins(organization, admins_after)
    if places:
        words = {"old": top_role(organization.scheme).label, "new": top_role(scheme).label}
        raise without_admin(places, _("Let %(old)s become %(new)s, or name another admin there first.") % words)


def roles_after(organization: Organization, scheme: str) -> dict[int, RoleFacts]:
    """The workspace roles that the organization will have: those of the scheme, and its own."""
    return roles_of(Organization(pk=organization.pk, scheme=scheme), Scope.WORKSPACE)


def _ways(organization: Organization, role: BuiltInRole) -> tuple[GrantQuerySet, GrantQuerySet, GrantQuerySet]:
    """The grants of a role to people and groups, to everyone, and to those who have not accepted yet."""
    grants = Grant.objects.filter(role=role.id, workspace__organization=organization)
    waiting = grants.filter(member__isnull=False, member__joined_at__isnull=True)
    return grants.exclude(pk__in=waiting.values("pk")).exclude(principal_key=0), grants.filter(principal_key=0), waiting


def _map(held: Locked, role: BuiltInRole, mapped: Mapped) -> int:
    changed = 0
    for way, grants in zip(mapped.ways(), _ways(held.organization, role), strict=True):
        changed += regrant(held, grants, Role.objects.get(pk=way[role.id]))
    rename_in_papers(held, [role.id], Role.objects.get(pk=mapped.people[role.id]))
    return changed


def _text(way: Mapping[int, int]) -> dict[str, int]:
    return {str(old): new for old, new in way.items()}
