"""Resources as products register them, a batch of one organization at a time and under its lock."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from workspaces.actions.locking import Locked
from workspaces.actions.unasking import drop_from_requests
from workspaces.history import RESOURCE_MOVED, RESOURCE_REGISTERED, RESOURCE_TRANSFERRED, RESOURCE_VANISHED
from workspaces.hosts import Refuse, RegisteredResource, VanishedResource
from workspaces.models import Collaborator, Label, Organization, Resource, Workspace
from workspaces.queries.people import members_at
from workspaces.queries.workspaces import alive_by_slug
from workspaces.sql import among, delete_rows, insert_select

RESOURCE_LABEL = "resource"

type Records = Sequence[tuple[int, RegisteredResource | VanishedResource]]
type Present = Mapping[str, tuple[int | None, int | None]]
"""What is registered already: by external id, its owner and its workspace."""


def register_resources(held: Locked, records: Records, products: dict[str, int], refuse: Refuse) -> None:
    """Makes the registry what the records say, product by product; of several about one resource the last one
    counts.
    """
    last = {(record.product, record.external_id): (number, record) for number, record in records}
    for product in {product for product, _ in last}:
        mine = [entry for (name, _), entry in last.items() if name == product]
        vanished = [record.external_id for _, record in mine if isinstance(record, VanishedResource)]
        registered = [(number, record) for number, record in mine if isinstance(record, RegisteredResource)]
        of_product = Resource.objects.filter(organization=held.organization, product=products[product])
        if vanished:
            forget(held, of_product.filter(external_id__in=among(vanished)), product)
        if registered:
            _upsert(held, of_product, registered, products[product], refuse)


def _upsert(
    held: Locked,
    of_product: "QuerySet[Resource]",
    records: Sequence[tuple[int, RegisteredResource]],
    product_id: int,
    refuse: Refuse,
) -> None:
    """One INSERT ... ON CONFLICT per some hundred rows. Access, and an owner that there is, stay as they are."""
    ids = [record.external_id for _, record in records]
    known = of_product.filter(external_id__in=among(ids)).values_list("external_id", "owner_id", "workspace_id")
    present = {external_id: (owner_id, workspace_id) for external_id, owner_id, workspace_id in known}
    rows = _rows(held.organization, records, product_id, present, refuse)
    moved: dict[int | None, list[str]] = {}
    for row in rows:
        if row.external_id in present and present[row.external_id][1] != row.workspace_id:
            moved.setdefault(row.workspace_id, []).append(row.external_id)
    product = records[0][1].product
    _record_moves(held, of_product, moved, product)
    Resource.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organization", "product", "external_id"],
        update_fields=["workspace", "kind", "name", "url", "owner", "synced_at"],
    )
    _record_arrivals(held, of_product, rows, present, product)
    if moved:
        _drop_strayed_drives(held.organization)


def _rows(
    organization: Organization,
    records: Sequence[tuple[int, RegisteredResource]],
    product_id: int,
    present: Present,
    refuse: Refuse,
) -> list[Resource]:
    workspaces = alive_by_slug(organization, {record.workspace for _, record in records} - {""})
    owners = members_at(organization, {record.owner for _, record in records} - {""})
    now, rows = timezone.now(), []
    for number, record in records:
        workspace_id = workspaces.get(record.workspace)
        if record.workspace and workspace_id is None:
            refuse(number, f"{organization.slug} has no workspace with the slug {record.workspace}.")
            continue
        owner_id, _ = present.get(record.external_id, (None, None))
        rows.append(
            Resource(
                organization=organization,
                product_id=product_id,
                external_id=record.external_id,
                workspace_id=workspace_id,
                kind=record.kind,
                name=record.name,
                url=record.url,
                owner_id=owner_id or owners.get(record.owner),
                access=record.access,
                synced_at=record.synced_at or now,
            )
        )
    return rows


def _record_arrivals(
    held: Locked, of_product: "QuerySet[Resource]", rows: Sequence[Resource], present: Present, product: str
) -> None:
    """What was not known before, and what has an owner from now on."""
    new = [row.external_id for row in rows if row.external_id not in present]
    held.record_set(RESOURCE_REGISTERED, of_product.filter(external_id__in=among(new)), payload={"product": product})
    adopted = [row.external_id for row in rows if row.owner_id and present.get(row.external_id, (1, 0))[0] is None]
    of_somebody = of_product.filter(external_id__in=among(adopted))
    held.record_set(RESOURCE_TRANSFERRED, of_somebody, subject="owner_id", scope=F("pk"))


def _record_moves(
    held: Locked, of_product: "QuerySet[Resource]", moved: Mapping[int | None, Collection[str]], product: str
) -> None:
    """One act for each workspace that something comes to: other people reach it from then on."""
    names = dict(Workspace.objects.filter(pk__in=[pk for pk in moved if pk]).values_list("pk", "name"))
    for workspace_id, ids in moved.items():
        held.record_set(
            RESOURCE_MOVED,
            of_product.filter(external_id__in=among(ids)),
            before=Coalesce(F("workspace__name"), Value("")),
            after=names.get(workspace_id or 0, ""),
            payload={"product": product},
        )


def _drop_strayed_drives(organization: Organization) -> None:
    """A default drive is the workspace's own or the organization's; one that moved elsewhere is none any more."""
    elsewhere = Workspace.objects.filter(organization=organization, default_drive__workspace__isnull=False)
    elsewhere.exclude(default_drive__workspace=F("pk")).update(default_drive=None)
    Organization.objects.filter(pk=organization.pk, default_drive__workspace__isnull=False).update(default_drive=None)


def forget(held: Locked, resources: "QuerySet[Resource]", product: str) -> int:
    """Takes resources out of the registry with all that hangs on them; their names stay as labels of the history.
    Returns how many there were.
    """
    ids = list(resources.values_list("pk", flat=True))
    if not ids:
        return 0
    going = Resource.objects.filter(pk__in=ids)
    held.record_set(RESOURCE_VANISHED, going, payload={"product": product})
    hidden = Concat(Value("Private "), F("kind"), output_field=CharField())
    name = Case(When(access=Resource.Access.PRIVATE, then=hidden), default=F("name"), output_field=CharField())
    insert_select(
        Label,
        ["kind", "object_id", "text"],
        going.order_by().values_list(Value(RESOURCE_LABEL, CharField()), "pk", name),
    )
    Workspace.objects.filter(default_drive__in=ids).update(default_drive=None)
    Organization.objects.filter(default_drive__in=ids).update(default_drive=None)
    drop_from_requests(Q(resource__in=ids))
    delete_rows(Collaborator.objects.filter(resource__in=ids))
    return delete_rows(going)
