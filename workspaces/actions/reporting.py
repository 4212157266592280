"""Figures, external accounts and signs of life, as products report them: nobody gains a right by any of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from workspaces.actions.locking import Locked
from workspaces.history import ACCOUNT_REPORTED, kept_label
from workspaces.hosts import MemberAccount, OrganizationAccount, Refuse, ReportedCount, ReportedFigure, SeenMember
from workspaces.models import AccountState, Activity, ExternalAccount, Figure, Organization
from workspaces.queries.people import members_at
from workspaces.queries.workspaces import alive_by_slug


def note_figures(
    organization: Organization,
    records: Sequence[tuple[int, ReportedCount | ReportedFigure]],
    products: dict[str, int],
    refuse: Refuse,
) -> None:
    workspaces = alive_by_slug(organization, {record.workspace for _, record in records} - {""})
    rows: dict[tuple[object, ...], Figure] = {}
    for number, record in records:
        workspace_id = workspaces.get(record.workspace)
        if record.workspace and workspace_id is None:
            refuse(number, f"{organization.slug} has no workspace with the slug {record.workspace}.")
            continue
        figure = _figure(organization, workspace_id, products[record.product], record)
        rows[workspace_id, figure.product_id, figure.kind, figure.code] = figure
    Figure.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["organization", "workspace_key", "product", "kind", "code"],
        update_fields=["label", "value", "unit", "url", "reported_at"],
    )


def _figure(
    organization: Organization, workspace_id: int | None, product_id: int, record: ReportedCount | ReportedFigure
) -> Figure:
    figure = Figure(
        organization=organization,
        workspace_id=workspace_id,
        product_id=product_id,
        url=record.url,
        reported_at=record.reported_at,
    )
    if isinstance(record, ReportedCount):
        figure.kind, figure.code, figure.label = Figure.Kind.COUNT, record.kind, record.kind
        figure.value = Decimal(record.value)
    else:
        figure.kind, figure.code, figure.label = record.kind, record.code, record.label
        figure.value, figure.unit = record.value, record.unit
    return figure


def note_accounts(
    held: Locked, records: Sequence[tuple[int, OrganizationAccount | MemberAccount]], refuse: Refuse
) -> None:
    for _, record in records:
        if isinstance(record, OrganizationAccount):
            _note_own_account(held, record)
    people = [(number, record) for number, record in records if isinstance(record, MemberAccount)]
    members = members_at(held.organization, {record.address for _, record in people})
    rows: dict[int, ExternalAccount] = {}
    for number, record in people:
        member_id = members.get(record.address)
        if member_id is None:
            refuse(number, f"{held.organization.slug} has no member {record.address}.")
            continue
        rows[member_id] = ExternalAccount(
            member_id=member_id,
            account_id=record.account_id,
            state=record.state,
            reported_at=record.reported_at,
        )
    ExternalAccount.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=["account_id", "state", "reported_at"],
    )


def _note_own_account(held: Locked, record: OrganizationAccount) -> None:
    organization = held.organization
    before = (organization.external_account_id, organization.external_account_state)
    after = (record.account_id, record.state)
    if before == after:
        return
    held.record(ACCOUNT_REPORTED, subject=organization.pk, before=_say(*before), after=_say(*after))
    organization.external_account_id, organization.external_account_state = after
    organization.save(update_fields=["external_account_id", "external_account_state"])


def _say(account_id: str, state: str) -> str:
    return f"{account_id}, {kept_label(AccountState(state).label)}" if account_id else ""


def note_activity(organization: Organization, records: Sequence[tuple[int, SeenMember]], refuse: Refuse) -> None:
    """The later of what is known and what is reported. Never takes the organization's lock."""
    members = members_at(organization, {record.address for _, record in records})
    latest: dict[int, datetime] = {}
    for number, record in records:
        member_id = members.get(record.address)
        if member_id is None:
            refuse(number, f"{organization.slug} has no member {record.address}.")
        elif record.at > latest.get(member_id, record.at.min.replace(tzinfo=record.at.tzinfo)):
            latest[member_id] = record.at
    known = dict(Activity.objects.filter(member__in=list(latest)).values_list("member", "last_active_at"))
    Activity.objects.bulk_create(
        [
            Activity(member_id=member_id, organization=organization, last_active_at=at)
            for member_id, at in latest.items()
            if member_id not in known or at > known[member_id]
        ],
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=["last_active_at"],
    )
