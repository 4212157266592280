"""Who may reach a resource: its access level, its collaborators, its owner; and which drive is the default.

What a resource is (name, link, workspace) is the host product's to say: `workspaces.actions.registering`.
"""

from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, F, QuerySet, Value
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.addresses import canonical
from config.refusals import Refusal
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import BuiltIn, Scope
from workspaces.history import (
    DRIVE_CHOSEN,
    DRIVE_DROPPED,
    RESOURCE_ACCESS_CHANGED,
    RESOURCE_SHARED,
    RESOURCE_TRANSFERRED,
    RESOURCE_UNSHARED,
    WORKSPACE_DRIVE_CHOSEN,
    kept_label,
)
from workspaces.models import Collaborator, Member, Organization, Resource, Workspace
from workspaces.models.members import MemberQuerySet
from workspaces.policy import GrantFacts, ResourceFacts, RoleFacts, Verb, WorkspaceFacts, decide
from workspaces.queries.catalogue import vocabulary_of
from workspaces.queries.facts import policies_of, roles_of, workspace_facts
from workspaces.queries.people import members_at
from workspaces.queries.resources import Approach, approach, drives_in
from workspaces.reasons import Reason
from workspaces.registry import guest_inviters

Access = Resource.Access


@dataclass(frozen=True, slots=True)
class Shared:
    """The collaborator; invited: nobody had that address, so they were asked in as a guest."""

    member_id: int
    invited: bool


def change_access(*, actor: Actor, organization_id: int, resource_id: int, access: str) -> None:
    """Full, view (the lock) or private. Locks the organization. Raises Http404 for what the actor may not see."""
    with locked(actor=actor, organization_id=organization_id) as held:
        found = _approach(held, resource_id)
        resource, wanted = found.resource, Access(access)
        insist(found.may_set(held.facts, wanted))
        if resource.access == wanted:
            return
        before, after = kept_label(Access(resource.access).label), kept_label(wanted.label)
        held.record(RESOURCE_ACCESS_CHANGED, subject=resource.pk, before=before, after=after)
        Resource.objects.filter(pk=resource.pk).update(access=wanted)


def share(
    *, actor: Actor, organization_id: int, resource_id: int, level: str, member_id: int | None = None, address: str = ""
) -> Shared:
    """Lets a member, or whoever has the address, view or edit a resource; again with another level changes it.

    An address that is nobody's here becomes a Guest by invitation, for whoever may invite. Locks the organization.
    Raises AddressError, Refusal 403 and 409, Http404 for members of other organizations.
    """
    text = canonical(address) if address else ""
    with locked(actor=actor, organization_id=organization_id) as held:
        found = _approach(held, resource_id)
        insist(found.may_share(held.facts, level))
        member = _member_at(held.organization, text) if text else _member(held.organization, member_id or 0)
        invited = member is None
        collaborator_id = _invite(held, found, text) if member is None else _present(found, member)
        _set_level(held, found, collaborator_id, level)
        return Shared(collaborator_id, invited)


def unshare(*, actor: Actor, organization_id: int, resource_id: int, member_id: int) -> None:
    """Takes a collaborator off; everybody may take off themselves. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        found = _approach(held, resource_id)
        row = Collaborator.objects.filter(resource=found.resource, member=member_id).first()
        if row is None:
            raise Http404
        if member_id != held.facts.member_id:
            insist(found.may_unshare(held.facts, row.level))
        held.record(RESOURCE_UNSHARED, subject=member_id, scope=found.resource.pk, before=_level(row.level))
        row.delete()


def transfer(*, actor: Actor, organization_id: int, resource_id: int, owner_id: int) -> None:
    """Makes somebody else the owner. Locks the organization. Raises Http404 for members of other organizations."""
    with locked(actor=actor, organization_id=organization_id) as held:
        found = _approach(held, resource_id)
        heir = _heir(held, owner_id)
        insist(found.may_transfer(held.facts, heir.pk))
        if found.resource.owner_id != heir.pk:
            _transfer(held, Resource.objects.filter(pk=resource_id), heir.pk)


def hand_over(held: Locked, owners: MemberQuerySet, heir_id: int, *, workspace_id: int | None = None) -> int:
    """Makes somebody the owner of everything that some members own, in one workspace or everywhere, under the lock
    held. Returns how many resources; raises Refusal where the actor may not.
    """
    heir = _heir(held, heir_id)
    resources = Resource.objects.filter(organization=held.organization, owner__in=owners.order_by().values("pk"))
    if workspace_id is not None:
        resources = resources.filter(workspace=workspace_id)
    resources = resources.exclude(owner=heir)
    _insist_on_handing_over(held, resources, heir.pk)
    ids = list(resources.values_list("pk", flat=True))
    return _transfer(held, Resource.objects.filter(pk__in=ids), heir.pk)


def choose_drive(
    *, actor: Actor, organization_id: int, resource_id: int | None, workspace_id: int | None = None
) -> None:
    """Sets the default drive of the organization or of a workspace; None: there is none. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        place = _place(held, workspace_id)
        insist(decide(held.facts, Verb.CHOOSE_DRIVE, workspace=_facts_in(held, workspace_id)))
        if resource_id is not None and resource_id not in dict(drives_in(held.organization, workspace_id)):
            raise Http404
        before = place.default_drive_id
        if before == resource_id:
            return
        if resource_id is None:
            held.record(DRIVE_DROPPED, subject=before, scope=workspace_id)
        else:
            kind = DRIVE_CHOSEN if workspace_id is None else WORKSPACE_DRIVE_CHOSEN
            held.record(kind, subject=resource_id, scope=workspace_id)
        type(place)._default_manager.filter(pk=place.pk).update(default_drive=resource_id)


# --- the pieces


def _approach(held: Locked, resource_id: int) -> Approach:
    found = approach(held.organization, held.facts, resource_id)
    if found is None:
        raise Http404
    return found


def _place(held: Locked, workspace_id: int | None) -> Organization | Workspace:
    if workspace_id is None:
        return held.organization
    workspace = Workspace.objects.alive().filter(organization=held.organization, pk=workspace_id).first()
    if workspace is None:
        raise Http404
    return workspace


def _facts_in(held: Locked, workspace_id: int | None) -> WorkspaceFacts | None:
    if workspace_id is None:
        return None
    return workspace_facts(held.organization, held.facts, [workspace_id])[workspace_id]


def _member(organization: Organization, member_id: int) -> Member:
    member = organization.members.filter(pk=member_id).first()
    if member is None:
        raise Http404
    return member


def _heir(held: Locked, member_id: int) -> Member:
    heir = _member(held.organization, member_id)
    if heir.suspended_at is not None:
        raise Reason.SUSPENDED.refusal()
    return heir


def _member_at(organization: Organization, address: str) -> Member | None:
    """The member of this address, or of whom it is another verified one."""
    found = members_at(organization, [address]).get(address)
    return organization.members.filter(pk=found).first() if found is not None else None


def _present(found: Approach, member: Member) -> int:
    if member.suspended_at is not None:
        raise Reason.SUSPENDED.refusal()
    if member.pk == found.resource.owner_id:
        raise Refusal(_("They own it already."), 409, Reason.UNCHANGED)
    return member.pk


def _invite(held: Locked, found: Approach, address: str) -> int:
    """Asks the address in as Guest: by the right to invite, or by that of the workspace's admins."""
    guest = roles_of(held.organization, Scope.ORGANIZATION)[BuiltIn.GUEST]
    asked = decide(held.facts, Verb.INVITE, role=guest)
    if not asked and found.resource.workspace_id is not None:
        policies = policies_of(held.organization)
        asked = decide(held.facts, Verb.INVITE, workspace=found.held, organization=policies)
    if not asked:
        raise Refusal(_("Nobody here has this address, and you may not invite people."), 403, Reason.NO_RIGHT)
    for invite in guest_inviters:
        return invite(held, address)
    raise Http404


def _set_level(held: Locked, found: Approach, member_id: int, level: str) -> None:
    resource = found.resource
    row = Collaborator.objects.filter(resource=resource, member=member_id).first()
    if row is not None and row.level == level:
        return
    if row is not None:
        insist(found.may_unshare(held.facts, row.level))
    before = _level(row.level) if row is not None else ""
    after = _level(level)
    held.record(RESOURCE_SHARED, subject=member_id, scope=resource.pk, before=before, after=after)
    Collaborator.objects.update_or_create(
        resource=resource, member_id=member_id, defaults={"level": level, "added_by_id": held.actor.user_id}
    )


def _insist_on_handing_over(held: Locked, resources: "QuerySet[Resource]", heir_id: int) -> None:
    """One decision per workspace, product and privacy; workspaces that are deleted give no rights, and need none."""
    rows: set[tuple[int | None, str, str, int | None]] = set(
        resources.order_by().values_list("workspace_id", "product__name", "access", "owner_id")
    )
    places = {workspace for workspace, *_rest in rows if workspace is not None}
    facts = workspace_facts(held.organization, held.facts, places)
    vocabulary = vocabulary_of(held.organization)
    deleted = set(Workspace.objects.filter(pk__in=places, deleted_at__isnull=False).values_list("pk", flat=True))
    for workspace_id, product, access, owner_id in rows:
        if workspace_id in deleted:
            continue
        gives = vocabulary.given(product, "edit", in_workspace=workspace_id is not None)
        here = WorkspaceFacts(held.facts.permissions) if workspace_id is None else facts[workspace_id]
        if owner_id == held.facts.member_id:  # what an owner holds by owning it, they hand over with it
            here = replace(here, permissions=here.permissions | gives)
        insist(
            decide(
                held.facts,
                Verb.TRANSFER_RESOURCE,
                role=RoleFacts(0, gives),
                workspace=here,
                resource=ResourceFacts(owner_id == held.facts.member_id, access == Access.PRIVATE),
                grant=GrantFacts(gives, reaches_actor=heir_id == held.facts.member_id),
            )
        )


def _transfer(held: Locked, resources: "QuerySet[Resource]", heir_id: int) -> int:
    """The owner is no collaborator beside that."""
    subjects = resources.annotate(heir=Value(heir_id, BigIntegerField()))
    count = held.record_set(RESOURCE_TRANSFERRED, subjects, subject="heir", scope=F("pk"))
    Collaborator.objects.filter(resource__in=resources.values("pk"), member=heir_id).delete()
    resources.update(owner=heir_id)
    return count


def _level(level: str) -> str:
    return kept_label(Collaborator.Level(level).label)
