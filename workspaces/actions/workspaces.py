"""Workspaces: made, changed, archived, deleted, restored and purged; joined and left. Giving roles to others is
`actions.grants`.
"""

from collections.abc import Mapping
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import ROSTER, Actor
from accounts.names import clean_name
from config.refusals import Refusal
from workspaces.actions.grants import give_top_role
from workspaces.actions.grants.words import as_it_stands
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.unasking import drop_from_requests
from workspaces.catalogue import Code, Scope, scheme_roles, top_role
from workspaces.history import (
    GRANT_GIVEN,
    WORKSPACE_ARCHIVED,
    WORKSPACE_CHANGED,
    WORKSPACE_CREATED,
    WORKSPACE_DELETED,
    WORKSPACE_JOINED,
    WORKSPACE_LEFT,
    WORKSPACE_PURGED,
    WORKSPACE_REOPENED,
    WORKSPACE_RESTORED,
    EventKind,
)
from workspaces.models import (
    Collaborator,
    DeparturePlacement,
    Figure,
    Grant,
    GrantPermission,
    Label,
    Member,
    Organization,
    Origin,
    Resource,
    Role,
    Workspace,
)
from workspaces.models.workspaces import RESTORABLE
from workspaces.names import folded_place, free_slug, slug_stem
from workspaces.policy import GrantFacts, Verb, WorkspaceFacts, decide
from workspaces.queries.facts import actor_facts, policies_of, roles_of, workspace_facts, workspace_permissions
from workspaces.queries.resources import blocking_resources, say_counts
from workspaces.queries.workspaces import (
    has_admin,
    is_last_admin,
    joins_as,
    own_grants,
    possible_admins,
    restorable,
)
from workspaces.reasons import Reason
from workspaces.registry import Gone, before_places_go
from workspaces.sql import delete_rows

CHANGEABLE = ("name", "description", "label", "is_open")
PURGED_AT_ONCE = 50


def create_workspace(
    *,
    actor: Actor,
    organization_id: int,
    name: str,
    description: str = "",
    label: str = Workspace.Label.TEAM,
    kind: str = Workspace.Kind.SHARED,
    is_open: bool = False,
    admin_id: int | None = None,
) -> Workspace:
    """Its creator is its admin, or the member whom somebody who manages workspaces names; a personal one is that
    person's. Raises ValidationError for what is no name, label or kind, Http404 for an admin who is no active member.
    """
    if kind == Workspace.Kind.SYSTEM:
        raise ValidationError(_("A system workspace is made with the organization only."), code="system")
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CREATE_WORKSPACE, organization=policies_of(held.organization)))
        admin = _first_admin(held, admin_id)
        name, description = clean_name(name), description.strip()
        sort_name, search_text = folded_place(name, description)
        workspace = Workspace(
            organization=held.organization,
            name=name,
            sort_name=sort_name,
            search_text=search_text,
            slug=_free_slug(held.organization, name),
            description=description,
            label=label,
            kind=kind,
            is_open=is_open and kind == Workspace.Kind.SHARED,
            person=admin if kind == Workspace.Kind.PERSONAL else None,
        )
        workspace.clean_fields()
        workspace.save()
        held.record(WORKSPACE_CREATED, subject=workspace.pk, after=name)
        _make_admin(held, workspace, admin)
    return workspace


def _first_admin(held: Locked, admin_id: int | None) -> Member:
    """The actor unless somebody else is named."""
    if admin_id is not None and admin_id != held.facts.member_id:
        insist(decide(held.facts, Verb.NAME_FIRST_ADMIN))
    admin = possible_admins(held.organization).filter(pk=admin_id or held.facts.member_id or 0).first()
    if admin is None:
        raise Http404
    return admin


def _make_admin(held: Locked, workspace: Workspace, admin: Member) -> None:
    """For good, also where they had the role until a date."""
    role = top_role(held.organization.scheme)
    held.record(GRANT_GIVEN, subject=admin.pk, scope=workspace.pk, after=role.name)
    _grant(held, workspace, admin.pk, role.id, Origin.MANUAL)


def _grant(held: Locked, workspace: Workspace, member_id: int, role_id: int, origin: Origin) -> None:
    """The role alone and without an end. What an ended grant of it had beside it does not come back."""
    GrantPermission.objects.filter(grant__workspace=workspace, grant__member=member_id, grant__role=role_id).delete()
    Grant.objects.update_or_create(
        workspace=workspace,
        member_id=member_id,
        role_id=role_id,
        defaults={
            "origin": origin,
            "granted_at": Now(),
            "granted_by_id": held.actor.user_id,
            "ends_at": None,
            "reason": "",
            "end_noticed_at": None,
        },
    )


def _free_slug(organization: Organization, name: str) -> str:
    """One that no workspace of the organization has, deleted ones included: they may come back. Called under the
    lock.
    """
    stem = slug_stem(name, "workspace")
    return free_slug(stem, organization.workspaces.filter(slug__startswith=stem).values_list("slug", flat=True))


def change_workspace(*, actor: Actor, organization_id: int, workspace_id: int, **changes: object) -> list[str]:
    """Sets name, description, label, whether it is open, and joining_role (an id: as what people join by
    themselves); the address part stays. One history entry per changed field. Returns the changed fields.

    Raises ValidationError, Http404 for a role that workspaces here do not have, Refusal 403 for one that the actor
    could not give to everyone there.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, facts = _alive(held, workspace_id)
        insist(decide(held.facts, Verb.EDIT_WORKSPACE, workspace=facts))
        given = {field: changes.get(field, getattr(workspace, field)) for field in CHANGEABLE}
        cleaned = {field: _cleaned(workspace, field, value) for field, value in given.items()}
        changed = held.change(WORKSPACE_CHANGED, workspace, cleaned)
        changed += _change_joining(held, workspace, facts, changes, opens="is_open" in changed and workspace.is_open)
        workspace.clean_fields()
        if changed:
            workspace.sort_name, workspace.search_text = folded_place(workspace.name, workspace.description)
            workspace.save(update_fields=[*changed, "sort_name", "search_text"])
    return changed


def _change_joining(
    held: Locked, workspace: Workspace, facts: WorkspaceFacts, changes: Mapping[str, object], *, opens: bool
) -> list[str]:
    """Nobody lets others take what they could not give to everyone; opening gives what was chosen before."""
    roles = roles_of(held.organization, Scope.WORKSPACE)
    lowest, before = scheme_roles(held.organization.scheme)[0].id, joins_as(workspace, held.organization.scheme, roles)
    after = changes.get("joining_role") or before
    role = roles.get(after) if isinstance(after, int) else None
    if role is None:
        raise Http404
    if role.id != lowest and (role.id != before or opens):
        given = GrantFacts(role.permissions, is_everyone=True)
        insist(decide(held.facts, Verb.ADD_TO_WORKSPACE, workspace=facts, role=role, grant=given))
    if role.id == before:
        return []
    names = dict(Role.objects.filter(pk__in=[before, role.id]).values_list("pk", "name"))
    payload = {"field": "joining_role"}
    held.record(WORKSPACE_CHANGED, subject=workspace.pk, before=names[before], after=names[role.id], payload=payload)
    workspace.joining_role_id = role.id
    return ["joining_role"]


def _cleaned(workspace: Workspace, field: str, value: object) -> object:
    if field == "name":
        return clean_name(str(value))
    if field == "description":
        return str(value).strip()
    return bool(value) and workspace.kind == Workspace.Kind.SHARED if field == "is_open" else value


def archive_workspace(*, actor: Actor, organization_id: int, workspace_id: int) -> None:
    """From the next request on only its admins see it, rights of host products are capped at viewing, and nobody is
    added. Raises Refusal 409 where it is archived already.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, facts = _alive(held, workspace_id)
        insist(decide(held.facts, Verb.ARCHIVE_WORKSPACE, workspace=facts))
        if facts.is_archived:
            raise Refusal(_("This workspace is archived already."), 409, Reason.UNCHANGED)
        _set_state(held, workspace, WORKSPACE_ARCHIVED, archived_at=Now())


def reopen_workspace(*, actor: Actor, organization_id: int, workspace_id: int) -> None:
    """Raises Refusal 409 where it is not archived, and for a personal workspace whose person is gone."""
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, facts = _alive(held, workspace_id)
        insist(decide(held.facts, Verb.ARCHIVE_WORKSPACE, workspace=facts))
        if not facts.is_archived:
            raise Refusal(_("This workspace is not archived."), 409, Reason.UNCHANGED)
        if workspace.kind == Workspace.Kind.PERSONAL and workspace.person_id is None:
            raise Refusal(_("Whose workspace this was is gone. It can only be deleted."), 409, Reason.PERSONAL)
        _set_state(held, workspace, WORKSPACE_REOPENED, archived_at=None)


def delete_workspace(*, actor: Actor, organization_id: int, workspace_id: int, confirmed_name: str) -> None:
    """Gives no rights from the next request on, and can be restored for RESTORABLE. Needs fresh proof of identity
    (P15).

    Raises Refusal 409 with kinds and counts while resources remain, 422 unless its name is given again.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, facts = _alive(held, workspace_id)
        insist(decide(held.facts, Verb.DELETE_WORKSPACE, workspace=facts))
        if confirmed_name.strip() != workspace.name:
            raise Refusal(_("Enter the workspace's name exactly as it is written above."), 422, "name_differs")
        if blocking := blocking_resources(workspace.pk):
            raise Refusal(_still_holds(workspace, say_counts(blocking)), 409, Reason.HAS_RESOURCES)
        _set_state(held, workspace, WORKSPACE_DELETED, deleted_at=Now())


def _still_holds(workspace: Workspace, words: str) -> str:
    """ "Research still holds project (3), data set (5)." """
    text = _("%(name)s still holds %(resources)s. Delete or move them first, in the product that keeps them.")
    return text % {"name": workspace.name, "resources": words}


def restore_workspace(*, actor: Actor, organization_id: int, workspace_id: int, admin_id: int | None = None) -> None:
    """Takes a deletion back. Where no admin is left in a shared workspace the restorer names one or becomes it (P11).
    Raises Http404 for what is not deleted, or for longer than RESTORABLE.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.RESTORE_WORKSPACE))
        workspace = restorable(held.organization).filter(pk=workspace_id).first()
        if workspace is None:
            raise Http404
        _set_state(held, workspace, WORKSPACE_RESTORED, deleted_at=None)
        if workspace.kind == Workspace.Kind.SHARED and (admin_id is not None or not has_admin(workspace)):
            _make_admin(held, workspace, _first_admin(held, admin_id))


def _set_state(held: Locked, workspace: Workspace, kind: EventKind, **moments: object) -> None:
    gone = kind is WORKSPACE_DELETED
    held.record(kind, subject=workspace.pk, before=workspace.name if gone else "", after="" if gone else workspace.name)
    Workspace.objects.filter(pk=workspace.pk).update(**moments)


def _alive(held: Locked, workspace_id: int) -> tuple[Workspace, WorkspaceFacts]:
    """Raises Http404 for workspaces of other organizations and for deleted ones, as for unknown ones."""
    workspace = held.organization.workspaces.alive().filter(pk=workspace_id).first()
    if workspace is None:
        raise Http404
    return workspace, workspace_facts(held.organization, held.facts, [workspace.pk])[workspace.pk]


def join_workspace(*, actor: Actor, organization_id: int, workspace_id: int) -> bool:
    """The actor takes the role of those who join (`joins_as`) in a workspace that is open to members. Returns whether
    that changed anything.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, facts = _alive(held, workspace_id)
        roles = roles_of(held.organization, Scope.WORKSPACE)
        role = roles[joins_as(workspace, held.organization.scheme, roles)]
        insist(decide(held.facts, Verb.JOIN_WORKSPACE, workspace=facts, role=role))
        if facts.holds(Code.WORKSPACE_VIEW):
            return False
        name = Role.objects.values_list("name", flat=True).get(pk=role.id)
        held.record(WORKSPACE_JOINED, subject=held.facts.member_id, scope=workspace.pk, after=name)
        _grant(held, workspace, held.facts.member_id or 0, role.id, Origin.JOINED)
    return True


def leave_workspace(*, actor: Actor, organization_id: int, workspace_id: int, heir_id: int | None = None) -> None:
    """The actor's own grants there go; what they have through groups and everyone stays. heir: becomes admin first.

    Raises Refusal 409 for the last admin without an heir, for a personal workspace, and where there is nothing to
    leave; Http404 for an heir who is no active member.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        workspace, _facts = _alive(held, workspace_id)
        insist(decide(held.facts, Verb.LEAVE))
        if workspace.kind == Workspace.Kind.PERSONAL:
            raise Refusal(_("This workspace is yours alone. Archive or delete it instead."), 409, Reason.PERSONAL)
        mine = list(own_grants(workspace, held.facts.member_id or 0).values_list("pk", flat=True))
        if not mine:
            raise Refusal(_("You have no role of your own in this workspace."), 409, Reason.UNCHANGED)
        if heir_id is not None:
            _hand_over(held, workspace, heir_id)
        if is_last_admin(workspace, held.facts.member_id or 0):
            text = _("You are the last admin of this workspace. Name another admin, then leave.")
            raise Refusal(text, 409, Reason.LAST_WORKSPACE_ADMIN)
        grants = Grant.objects.filter(pk__in=mine)
        held.record_set(WORKSPACE_LEFT, grants, subject="member_id", scope=workspace.pk, before=as_it_stands())
        delete_rows(GrantPermission.objects.filter(grant__in=mine))
        delete_rows(grants)


def _hand_over(held: Locked, workspace: Workspace, heir_id: int) -> None:
    """With the rights of the one who leaves: nobody hands over what they do not hold."""
    others = possible_admins(held.organization).exclude(pk=held.facts.member_id or 0)
    if not others.filter(pk=heir_id).exists():
        raise Http404
    give_top_role(held, workspace.pk, heir_id)


def choose_default_workspace(*, actor: Actor, organization_id: int, workspace_id: int | None) -> None:
    """Where the actor begins; None: nowhere in particular. A preference and no access: it takes no lock and leaves no
    history. Raises Http404 for a workspace in which they hold nothing.
    """
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise Http404
    facts = actor_facts(actor, organization)
    if workspace_id is not None and not workspace_permissions(organization, facts, [workspace_id]):
        raise Http404
    Member.objects.filter(pk=facts.member_id or 0).update(default_workspace=workspace_id)


def purge_workspaces() -> int:
    """Removes for good what was deleted longer than RESTORABLE ago; the history stays, with a label. Returns how many.
    Safe to run any number of times at once.
    """
    due = Workspace.objects.filter(deleted_at__lte=Now() - RESTORABLE)
    total = 0
    for organization_id in list(due.order_by().values_list("organization_id", flat=True).distinct()):
        # An organization that was deleted since then took its workspaces along.
        with suppress(Http404), locked(actor=ROSTER, organization_id=organization_id) as held:
            going = due.filter(organization=held.organization)
            ids = list(going.order_by("pk").values_list("pk", flat=True)[:PURGED_AT_ONCE])
            if ids:
                _purge(held, ids)
                total += len(ids)
    return total


def _purge(held: Locked, ids: list[int]) -> None:
    """Set by set, dependants first: none is loaded to be deleted."""
    workspaces = Workspace.objects.filter(pk__in=ids)
    held.record_set(WORKSPACE_PURGED, workspaces, before=F("name"))
    for pk, name in workspaces.values_list("pk", "name"):
        Label.objects.update_or_create(kind="workspace", object_id=pk, defaults={"text": name})
    for hook in before_places_go:
        hook(Gone(workspace_ids=ids))
    here = {"workspace__in": ids}
    drop_from_requests(Q(**here) | Q(resource__workspace__in=ids))
    grants = Grant.objects.filter(**here)
    resources = Resource.objects.filter(**here)
    held.organization.members.filter(default_workspace__in=ids).update(default_workspace=None)
    workspaces.update(default_drive=None)
    dependants: list[QuerySet] = [  # type: ignore[type-arg]  # of several models
        GrantPermission.objects.filter(grant__in=grants.values("pk")),
        grants,
        DeparturePlacement.objects.filter(**here),
        Figure.objects.filter(**here),
        Collaborator.objects.filter(resource__in=resources.values("pk")),
        resources,
        workspaces,
    ]
    for rows in dependants:
        delete_rows(rows)
