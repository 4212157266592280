"""Changes of members by jobs: at once, or over a crowd, which waits for a worker."""

from typing import Any

from accounts.models import User
from tests import cast
from tests.cast import Acme, web
from workspaces.actions import jobs, members
from workspaces.catalogue import BuiltIn
from workspaces.models import Job, Member

MANY, CHUNK = 1_100, 1_000


def do(acme: Acme, by: User, kind: str, *who: Member, **parameters: Any) -> Job:
    """A change of a few members through the machinery, done at once."""
    rows = acme.organization.members.filter(pk__in=[member.pk for member in who])
    return jobs.start_job(
        actor=web(by), organization_id=acme.id, kind=kind, title="A change", parameters=parameters, rows=rows
    )


def undo(acme: Acme, by: User, job: Job, *, is_fresh: bool = True) -> Job:
    return jobs.undo_job(actor=web(by, is_fresh=is_fresh), organization_id=acme.id, job_id=job.pk)


def crowd(acme: Acme, count: int = MANY) -> list[int]:
    """Waiting members, more than are done at once."""
    addresses = [f"p{number}@crowd.example" for number in range(count)]
    cast.ask_in(acme.olga, acme.organization, *addresses)
    return list(acme.organization.members.filter(joined_at__isnull=True).order_by("pk").values_list("pk", flat=True))


def large(acme: Acme, by: User, kind: str, **parameters: Any) -> Job:
    """A confirmed job over the crowd, which waits for a worker."""
    ids = crowd(acme)
    job = jobs.start_job(
        actor=web(by),
        organization_id=acme.id,
        kind=kind,
        title="A large change",
        parameters=parameters,
        rows=acme.organization.members.filter(pk__in=ids),
    )
    assert (job.finished_at, job.position, job.total) == (None, 0, MANY)
    return job


def results(job: Job) -> list[str]:
    return list(job.rows.order_by("number").values_list("result", flat=True))


def done(world: Acme) -> Job:
    return do(world, world.olga, "members.role", world.member(world.ben), role=BuiltIn.GUEST)


def update_role(world: Acme, by: User, member: Member, role: int) -> None:
    members.update_roles(actor=web(by), organization_id=world.id, chosen=cast.chosen(member), role_id=role).insist()
