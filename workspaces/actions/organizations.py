"""The organization itself: made, changed, deleted, and handed to another owner."""

from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import User
from accounts.names import clean_name
from config.refusals import Refusal
from workspaces.actions import directory
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import BuiltIn, Scheme, everyday_role, scheme_roles, top_role
from workspaces.history import (
    ORGANIZATION_CHANGED,
    ORGANIZATION_CREATED,
    ORGANIZATION_DELETED,
    OWNERSHIP_OFFERED,
    OWNERSHIP_TAKEN,
    OWNERSHIP_WITHDRAWN,
    WORKSPACE_CREATED,
)
from workspaces.models import (
    AccessRequest,
    AccountState,
    Activity,
    Collaborator,
    Departure,
    DeparturePlacement,
    Directory,
    ExternalAccount,
    Grant,
    GrantPermission,
    GroupManager,
    GroupMember,
    Job,
    JobRow,
    Label,
    Member,
    Organization,
    Origin,
    OwnershipTransfer,
    RequestedPlacement,
    Resource,
    SelectionItem,
    Workspace,
)
from workspaces.names import folded_place, free_slug, slug_stem
from workspaces.policy import OrganizationFacts, Verb, decide
from workspaces.queries.facts import actor_facts
from workspaces.registry import before_deletion, owner_changed
from workspaces.sql import delete_rows

OFFER_LIFE = timedelta(days=7)
CHANGEABLE = (
    "name",
    "invitation_days",
    "members_see_members",
    "workspace_admins_invite",
    "members_create_workspaces",
    "members_create_groups",
    "members_propose",
    "sends_reminders",
    "language",
    "external_account_id",
)


def create_organization(
    *,
    actor: Actor,
    name: str,
    scheme: str = Scheme.STANDARD,
    with_default_workspace: bool = True,
    with_system_workspace: bool = True,
) -> Organization:
    """An organization whose owner and Admin is the actor, with its `default` workspace where everyone works, and in the
    standard scheme a read-only `system` one. Raises ValidationError for a name that is none.
    """
    name = clean_name(name)
    with transaction.atomic():
        user = User.objects.get(pk=actor.user_id or 0)
        organization = _found(name, scheme)
        owner = Member.objects.create(
            organization=organization, user=user, address=user.email, role_id=BuiltIn.ADMIN, joined_at=Now()
        )
        owner.refresh_from_db()
        directory.enter([owner])
        organization.owner = owner
        organization.save(update_fields=["owner"])
        held = Locked(organization, actor, actor_facts(actor, organization))
        held.record(ORGANIZATION_CREATED, subject=organization.pk, after=name)
        if with_default_workspace:
            workspace = _create_workspace(held, "default", Workspace.Kind.SHARED)
            _grant_by_default(workspace, actor, top_role(scheme).id, member=owner)
            _grant_by_default(workspace, actor, everyday_role(scheme).id)
        if with_system_workspace and scheme == Scheme.STANDARD:
            workspace = _create_workspace(held, "system", Workspace.Kind.SYSTEM)
            _grant_by_default(workspace, actor, scheme_roles(scheme)[0].id)
    return organization


def _create_workspace(held: Locked, name: str, kind: Workspace.Kind) -> Workspace:
    sort_name, search_text = folded_place(name)
    workspace = Workspace.objects.create(
        organization=held.organization,
        name=name,
        sort_name=sort_name,
        search_text=search_text,
        slug=name,
        kind=kind,
    )
    held.record(WORKSPACE_CREATED, subject=workspace.pk, after=name)
    return workspace


def _grant_by_default(workspace: Workspace, actor: Actor, role_id: int, member: Member | None = None) -> None:
    Grant.objects.create(
        workspace=workspace, member=member, role_id=role_id, origin=Origin.DEFAULT, granted_by_id=actor.user_id
    )


def _found(name: str, scheme: str) -> Organization:
    """Somebody else may take the address part between the look and the insert: then look again."""
    for _attempt in range(5):
        with suppress(IntegrityError), transaction.atomic():
            return Organization.objects.create(name=name, slug=_free_slug(name), scheme=scheme)
    raise Refusal(_("Organizations of this name are being made right now. Try again."), 409, "name_taken")


def _free_slug(name: str) -> str:
    """One that no organization has yet."""
    stem = slug_stem(name, "organization")
    return free_slug(stem, Organization.objects.filter(slug__startswith=stem).values_list("slug", flat=True))


def change_organization(*, actor: Actor, organization_id: int, **changes: object) -> list[str]:
    """Sets name and policies; one history entry per changed field. Returns the changed fields. Raises
    ValidationError.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        organization = held.organization
        values = {field: changes.get(field, getattr(organization, field)) for field in CHANGEABLE}
        values["name"] = clean_name(str(values["name"]))
        changed = held.change(ORGANIZATION_CHANGED, organization, values)
        if "external_account_id" in changed:
            organization.external_account_state = AccountState.NOT_CHECKED
        organization.clean_fields(exclude=["owner"])
        if changed:
            organization.save(update_fields=[*changed, "external_account_state"])
    return changed


def change_limits(
    *, actor: Actor, organization_id: int, seats: int | None, invitations_per_day: int | None
) -> list[str]:
    """The operator's knobs; None: no limit of seats, the installation's number of invitations. Fewer seats than people
    send nobody away and let nobody in. Returns the changed fields. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_LIMITS))
        organization = held.organization
        changed = held.change(
            ORGANIZATION_CHANGED, organization, {"seats": seats, "invitations_per_day": invitations_per_day}
        )
        organization.clean_fields(exclude=["owner"])
        if changed:
            organization.save(update_fields=changed)
    return changed


def delete_organization(*, actor: Actor, organization_id: int, confirmed_name: str) -> None:
    """Deletes it with members, groups, workspaces and invitations; the history stays. The owner's act, soon after proof
    of identity (P15).

    Raises Refusal 422 unless its name is given again.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.DELETE_ORGANIZATION))
        organization = held.organization
        if confirmed_name.strip() != organization.name:
            raise Refusal(_("Enter the organization's name exactly as it is written above."), 422, "name_differs")
        held.record(ORGANIZATION_DELETED, subject=organization.pk, before=organization.name)
        Label.objects.update_or_create(
            kind="organization", object_id=organization.pk, defaults={"text": organization.name}
        )
        for hook in before_deletion:
            hook(organization)
        _delete_rows_of(organization)


def _delete_rows_of(organization: Organization) -> None:
    """Set by set, dependants first, activity and directory last as in `members.sweep`: a million members are not loaded
    to be deleted.
    """
    Organization.objects.filter(pk=organization.pk).update(owner=None, default_drive=None)
    Workspace.objects.filter(organization=organization).update(person=None, default_drive=None)
    Resource.objects.filter(organization=organization).update(owner=None)
    here = {"organization": organization}
    members = Member.objects.filter(**here).values("pk")
    grants = Grant.objects.filter(workspace__organization=organization).values("pk")
    rows: list[models.QuerySet] = [  # type: ignore[type-arg]  # of several models
        GrantPermission.objects.filter(grant__in=grants),
        Grant.objects.filter(pk__in=grants),
        GroupManager.objects.filter(group__organization=organization),
        GroupMember.objects.filter(group__organization=organization),
        Collaborator.objects.filter(resource__organization=organization),
        RequestedPlacement.objects.filter(request__organization=organization),
        AccessRequest.objects.filter(**here),
        ExternalAccount.objects.filter(member__organization=organization),
        SelectionItem.objects.filter(selection__organization=organization),
        JobRow.objects.filter(job__organization=organization),
        Job.objects.filter(**here),
        DeparturePlacement.objects.filter(departure__organization=organization),
        Departure.objects.filter(**here),
        OwnershipTransfer.objects.filter(**here),
        Member.objects.filter(pk__in=members),
        Activity.objects.filter(**here),
        Directory.objects.filter(**here),
    ]
    for each in rows:
        delete_rows(each)
    organization.delete()


def offer_transfer(*, actor: Actor, organization_id: int, successor_id: int) -> OwnershipTransfer:
    """The owner's offer to a joined, active member, open for seven days; a new one takes the place of the former (P15).

    Support staff can make it where the owner is gone. Raises Http404 for a successor who is no active member here.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        organization = held.organization
        insist(decide(held.facts, Verb.OFFER_TRANSFER, organization=_facts(organization, held.facts.member_id)))
        successor = organization.members.effective().filter(pk=successor_id).exclude(owned=organization).first()
        if successor is None:
            raise Http404
        transfer, _ = OwnershipTransfer.objects.update_or_create(
            organization=organization,
            defaults={
                "successor": successor,
                "offered_by_id": actor.user_id,
                "offered_at": Now(),
                "expires_at": Now() + OFFER_LIFE,
            },
        )
        held.record(OWNERSHIP_OFFERED, subject=successor.pk)
        transfer.refresh_from_db()
    return transfer


def withdraw_transfer(*, actor: Actor, organization_id: int) -> None:
    """Takes the offer back; the owner's act, or the successor's way to say no. Raises Http404 where there is none."""
    with locked(actor=actor, organization_id=organization_id) as held:
        transfer = OwnershipTransfer.objects.filter(organization=held.organization).first()
        if transfer is None or not held.facts.is_active:
            raise Http404
        if held.facts.member_id != transfer.successor_id:
            insist(decide(held.facts, Verb.WITHDRAW_TRANSFER))
        held.record(OWNERSHIP_WITHDRAWN, subject=transfer.successor_id)
        transfer.delete()


def accept_transfer(*, actor: Actor, organization_id: int) -> None:
    """The successor becomes owner and Admin; the former owner stays Admin. Needs fresh proof of identity (P15)."""
    with locked(actor=actor, organization_id=organization_id) as held:
        organization = held.organization
        insist(decide(held.facts, Verb.ACCEPT_TRANSFER, organization=_facts(organization, held.facts.member_id)))
        former_id = organization.owner_id
        successor = organization.members.select_related("role").get(pk=held.facts.member_id or 0)
        held.record(
            OWNERSHIP_TAKEN,
            subject=successor.pk,
            before=successor.role.name,
            after="Admin",
            payload={"former_owner": former_id},
        )
        organization.members.filter(pk=successor.pk).update(role_id=BuiltIn.ADMIN)
        organization.owner = successor
        organization.save(update_fields=["owner"])
        OwnershipTransfer.objects.filter(organization=organization).delete()
        for hook in owner_changed:
            hook(held)


def _facts(organization: Organization, member_id: int | None) -> OrganizationFacts:
    transfer = OwnershipTransfer.objects.filter(organization=organization, expires_at__gt=Now()).first()
    return OrganizationFacts(
        owner_is_active=organization.members.effective().filter(owned=organization).exists(),
        has_offer=transfer is not None,
        is_successor=transfer is not None and transfer.successor_id == member_id,
    )
