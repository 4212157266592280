"""What the demo's host products hand in about Acme Research: permissions, resources, counts, figures. Data only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from invitations.management.demo.people import ACME_DOMAIN, address_of
from workspaces.hosts import (
    KnownProduct,
    Record,
    RegisteredPermission,
    RegisteredResource,
    ReportedCount,
    ReportedFigure,
)

ACME = "acme-research"
LINK = "https://{}.example/{}"

# kind, name, workspace, owner, access
NOTEBOOKS: Sequence[tuple[str, str, str, str, str]] = (
    ("notebook", "Variant calling, chromosome 7", "genomics", "Zoë Lindqvist", "full"),
    ("notebook", "Quality control of runs 2026", "genomics", "Kenji Matsuda", "view"),
    ("data set", "Sequencing runs, raw", "genomics", "Zoë Lindqvist", "view"),
    ("project", "Study 41: interim analysis", "clinical-trials", "Tomás Herrera", "full"),
    ("project", "Study 44: recruitment", "clinical-trials", "Amara Diallo", "private"),
    ("data set", "Case report forms", "clinical-trials", "Amara Diallo", "view"),
    ("project", "Catalogue of published sets", "open-data", "Mia Chen", "full"),
    ("data set", "Ice cores 1998–2025", "open-data", "Sophie Bäumler", "full"),
)


def records(now: datetime) -> list[Record]:
    """Everything, as of an hour ago."""
    at = now - timedelta(hours=1)
    known: list[Record] = [
        KnownProduct(name="Notebooks", url="https://notebooks.example/", asked_at=now - timedelta(minutes=4)),
        KnownProduct(name="Drives", url="https://drives.example/", asked_at=now - timedelta(hours=3)),
        KnownProduct(name="Billing", url="https://billing.example/", asked_at=now - timedelta(days=2)),
        KnownProduct(name="Model registry", url="https://models.example/", asked_at=at),
        RegisteredPermission(
            product="Model registry",
            code="models.publish",
            scope="workspace",
            area="Models",
            ability="publish models",
            explanation="Published models can be read by everybody who reaches the registry.",
            high_risk=True,
        ),
        ReportedCount(
            organization=ACME, workspace="genomics", product="Model registry", kind="model", value=12, reported_at=at,
            url="https://models.example/genomics",
        ),
        ReportedFigure(
            organization=ACME, product="Billing", kind="usage", code="compute", label="Compute this month",
            value=Decimal(18240), unit="units", reported_at=at, url="https://billing.example/acme",
        ),
        ReportedFigure(
            organization=ACME, product="Billing", kind="entitlement", code="plan",
            label="Enterprise: shared compute units and private projects", reported_at=at,
        ),
        RegisteredResource(
            organization=ACME, product="Drives", external_id="d-1", kind="drive", name="Acme main drive", synced_at=at
        ),
    ]  # fmt: skip
    return known + [
        RegisteredResource(
            organization=ACME,
            product="Notebooks",
            external_id=f"n-{number}",
            kind=kind,
            name=name,
            workspace=workspace,
            owner=address_of(owner, ACME_DOMAIN),
            url=LINK.format("notebooks", number),
            access=access,
            synced_at=at,
        )
        for number, (kind, name, workspace, owner, access) in enumerate(NOTEBOOKS, start=1)
    ]
