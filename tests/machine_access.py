"""The state machine's moves on workspaces, groups, roles, grants and requests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.actors import Actor
from tests import cast
from tests.naive import WORKSPACE_CODES, Model, read_model
from tests.steps import the
from workspaces.actions import grants, groups, jobs, requests, roles, scheme, workspaces
from workspaces.catalogue import Code, Scheme, Scope
from workspaces.models import AccessRequest, Grant, Job, JobRow, Member
from workspaces.selections import Chosen

BUNDLES = (
    frozenset({Code.WORKSPACE_VIEW}),
    frozenset({Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE, "projects.view"}),
    WORKSPACE_CODES,
)
EXTRAS = ("secrets.read", Code.MEMBERS_WORKSPACE_MANAGE)
ENDS = (None, None, timedelta(days=1), timedelta(days=-1))


def standing(model: Model) -> dict[tuple[int, str], tuple[Any, ...]]:
    """By organization and address: role, groups, live grants with their terms, and whether they are suspended."""
    return {
        (one.organization_id, one.address): (
            one.role_id,
            model.groups_of(pk),
            {
                (grant.workspace_id, grant.role_id, grant.ends_at, grant.reason, model.extras.get(grant.pk))
                for grant in model.grants.values()
                if grant.member_id == pk and model.is_live(grant)
            },
            one.suspended_at is not None,
        )
        for pk, one in model.members.items()
    }


class AccessMoves:
    """What the machine itself brings: the present rows, one step, and whom and what the numbers mean."""

    now: Model
    touched: set[int]
    step: Any
    actor: Any
    organization: Any
    members_of: Any
    workspace: Any
    group: Any
    role: Any
    act_on: Any
    check_taken_back: Any

    def by(self, who: int, where: int, fresh: bool = True) -> tuple[Actor, int]:
        organization = self.organization(where)
        return self.actor(who, organization, fresh), organization

    # --- grants

    def give_role(
        self, who: int, where: int, number: int, role: int, to: str, numbers: set[int], end: int, extra: bool
    ) -> None:
        """To members, to groups, or to everyone; now and then until a day, and with an extra permission."""
        actor, organization = self.by(who, where)
        after = the(ENDS, end)
        whom: dict[str, Any] = {
            "members": {"chosen": Chosen(ids=tuple(the(self.members_of(organization), each) for each in numbers))},
            "groups": {"group_ids": sorted({self.group(organization, each) for each in numbers})},
            "everyone": {"everyone": True},
        }[to]
        self.step(
            actor,
            lambda: grants.give_role(
                actor=actor,
                organization_id=organization,
                workspace_id=self.workspace(organization, number),
                role_id=self.role(organization, Scope.WORKSPACE, role),
                ends_at=None if after is None else timezone.now() + after,
                extra_permissions=[the(EXTRAS, number)] if extra else [],
                **whom,
            ),
        )

    def some_grants(self, workspace: int, numbers: set[int]) -> list[int]:
        here = sorted(pk for pk, one in self.now.grants.items() if one.workspace_id == workspace)
        return sorted({the(here or sorted(self.now.grants), number) for number in numbers})

    def change_grants(
        self, who: int, where: int, number: int, numbers: set[int], role: int, end: int, extra: bool
    ) -> None:
        actor, organization = self.by(who, where)
        workspace, after = self.workspace(organization, number), the(ENDS, end)
        changes: dict[str, Any] = {"role_id": self.role(organization, Scope.WORKSPACE, role)} if role % 3 else {}
        if end % 2:
            changes["ends_at"] = None if after is None else timezone.now() + after
        if extra:
            changes["extra_permissions"] = [the(EXTRAS, number)]
        ids = self.some_grants(workspace, numbers)
        self.step(
            actor,
            lambda: grants.change_grants(
                actor=actor, organization_id=organization, workspace_id=workspace, grant_ids=ids, **changes
            ),
            by="replace grants",
        )

    def remove_grants(self, who: int, where: int, number: int, numbers: set[int]) -> None:
        actor, organization = self.by(who, where)
        workspace = self.workspace(organization, number)
        ids = self.some_grants(workspace, numbers)
        self.step(
            actor,
            lambda: grants.remove_grants(
                actor=actor, organization_id=organization, workspace_id=workspace, grant_ids=ids
            ),
        )

    # --- jobs, and their undo

    def start_job(self, who: int, where: int, numbers: set[int], kind: str, number: int, role: int) -> Job | None:
        """Any large change, done at once since it is of a few."""
        actor, organization = self.by(who, where)
        here, workspace = self.members_of(organization), self.workspace(organization, number)
        rows: Any = Member.objects.filter(organization=organization, pk__in=[the(here, each) for each in numbers])
        given: dict[str, Any] = {
            "members.role": {"role": self.role(organization, Scope.ORGANIZATION, role)},
            "members.group": {"group": self.group(organization, number)},
            "group.remove": {"group": self.group(organization, number)},
            "members.workspace": {
                "workspace": workspace,
                "workspace_role": self.role(organization, Scope.WORKSPACE, role),
            },
            "grants.role": {"workspace": workspace, "role": self.role(organization, Scope.WORKSPACE, role)},
            "grants.remove": {"workspace": workspace},
        }.get(kind, {})
        if kind.startswith("grants"):
            rows = [JobRow(data={"grant": pk}) for pk in self.some_grants(workspace, numbers)]
        job: Job | None = self.step(
            actor,
            lambda: jobs.start_job(
                actor=actor, organization_id=organization, kind=kind, title=kind, parameters=given, rows=rows
            ),
            by="replace grants" if kind == "grants.role" else "",
        )
        return job

    def undo_job(self, who: int, number: int) -> None:
        done = list(Job.objects.filter(changed__gt=0, undoes=None, undone_by=None).order_by("created_at"))
        if done:
            job = the(done, number)
            self.take_back(self.actor(who, job.organization_id), job)

    def take_back(self, actor: Actor, job: Job) -> Job | None:
        before = self.now
        undone: Job | None = self.step(
            actor,
            lambda: jobs.undo_job(actor=actor, organization_id=job.organization_id, job_id=job.pk),
            by={"grants.role": "replace grants", "import": "revoke"}.get(job.kind, ""),
        )
        if undone is not None and job.kind == "import":
            self.check_taken_back(before, job)
        return undone

    def there_and_back(self, **given: Any) -> None:
        """A change that is undone at once has changed nothing, where nothing of it was refused. Whoever was removed
        waits with what they had, as far as whoever undoes it may give that.
        """
        before = self.now
        job = self.start_job(**given)
        if job is None:
            return
        undone = self.take_back(self.actor(given["who"], job.organization_id), job)
        if undone is None or undone.rows.exclude(result=JobRow.CHANGED).exists():
            return
        now = standing(self.now)
        for key, (role, *rest) in standing(before).items():
            assert key in now or job.kind == "members.remove"
            if job.kind != "members.remove":
                assert now[key] == (role, *rest)
            elif key in now:
                assert now[key][0] == role
                assert all(mine <= theirs for mine, theirs in zip(now[key][1:3], rest[:2], strict=True))
        asked = {row.member_id for row in job.rows.filter(result=JobRow.CHANGED)}
        if job.kind == "members.remove":
            assert {one.address for pk, one in before.members.items() if pk in asked} <= {key[1] for key in now}

    def remove_all_access(self, who: int, where: int, number: int, member: int, heir: int) -> None:
        actor, organization = self.by(who, where)
        here = self.members_of(organization)
        self.step(
            actor,
            lambda: grants.remove_all_access(
                actor=actor,
                organization_id=organization,
                workspace_id=self.workspace(organization, number),
                member_id=the(here, member),
                heir_id=the(here, heir) if heir % 2 else None,
            ),
        )

    def grant_ends(self, number: int) -> None:
        """Time alone ends what has an end."""
        ending = sorted(pk for pk, one in self.now.grants.items() if one.ends_at is not None)
        if ending:
            cast.end(Grant.objects.get(pk=the(ending, number)))
            self.now = read_model()
            self.touched |= set(self.now.organizations)

    # --- groups

    def remove_from_group(self, who: int, where: int, numbers: set[int], number: int) -> None:
        group = self.group(self.organization(where), number)
        self.act_on(who, where, numbers, groups.remove_from_group, group_id=group)

    def delete_group(self, who: int, where: int, number: int) -> None:
        actor, organization = self.by(who, where)
        group = self.group(organization, number)
        self.step(actor, lambda: groups.delete_group(actor=actor, organization_id=organization, group_id=group))

    def manage(self, who: int, where: int, number: int, member: int, ends: bool) -> None:
        actor, organization = self.by(who, where)
        act = groups.dismiss_manager if ends else groups.name_manager
        group, whom = self.group(organization, number), the(self.members_of(organization), member)
        self.step(
            actor,
            lambda: act(actor=actor, organization_id=organization, group_id=group, member_id=whom).insist(),
        )

    # --- workspaces

    def create_workspace(self, who: int, where: int, opened: bool, admin: int) -> None:
        actor, organization = self.by(who, where)
        if sum(one.organization_id == organization for one in self.now.workspaces.values()) > 5:
            return
        named = the(self.members_of(organization), admin) if admin % 2 else None
        self.step(
            actor,
            lambda: workspaces.create_workspace(
                actor=actor, organization_id=organization, name="Den", is_open=opened, admin_id=named
            ),
        )

    def close_workspace(self, who: int, where: int, number: int, how: str, fresh: bool) -> None:
        """Archived, reopened or deleted; restored where it was deleted."""
        actor, organization = self.by(who, where, fresh)
        workspace = self.workspace(organization, number)
        common = {"actor": actor, "organization_id": organization, "workspace_id": workspace}
        if how == "delete":
            common["confirmed_name"] = self.now.workspaces[workspace].name
        act = getattr(workspaces, f"{how}_workspace")
        self.step(actor, lambda: act(**common), by=how)

    def join_or_leave(self, who: int, where: int, number: int, leaves: bool, heir: int) -> None:
        actor, organization = self.by(who, where)
        common = {
            "actor": actor,
            "organization_id": organization,
            "workspace_id": self.workspace(organization, number),
        }
        if leaves:
            named = the(self.members_of(organization), heir) if heir % 2 else None
            self.step(actor, lambda: workspaces.leave_workspace(**common, heir_id=named))
        else:
            self.step(actor, lambda: workspaces.join_workspace(**common))

    # --- roles

    def own_roles(self, organization: int) -> list[int]:
        own = self.now.organizations[organization].custom_roles.order_by("pk")
        return list(own.values_list("pk", flat=True)) or sorted(self.now.roles)

    def edit_role(self, who: int, where: int, number: int, bundle: int) -> None:
        actor, organization = self.by(who, where)
        role = the(self.own_roles(organization), number)
        codes = the(BUNDLES, bundle)
        if self.now.role_scopes[role] == Scope.ORGANIZATION:
            codes = the((frozenset({Code.MEMBERS_VIEW}), frozenset({Code.MEMBERS_VIEW, Code.GROUPS_MANAGE})), bundle)
        self.step(
            actor,
            lambda: roles.edit_role(
                actor=actor,
                organization_id=organization,
                role_id=role,
                name=self.now.role_names[role],
                permissions=codes,
            ),
            by="replace role",
        )

    def replace_role(self, who: int, where: int, number: int, other: int) -> None:
        """Made anew first where there are few, so that there is something to replace."""
        actor, organization = self.by(who, where)
        own = self.own_roles(organization)
        if len(own) < 4:
            self.step(
                actor,
                lambda: roles.create_role(
                    actor=actor,
                    organization_id=organization,
                    scope=Scope.WORKSPACE,
                    name="Spare",
                    permissions=the(BUNDLES, number),
                ),
            )
            return
        role = the(own, number)
        replacement = self.role(organization, Scope(self.now.role_scopes[role]), other)
        self.step(
            actor,
            lambda: roles.delete_role(
                actor=actor, organization_id=organization, role_id=role, replacement_id=replacement
            ),
            by="replace role",
        )

    def change_scheme(self, who: int, where: int, number: int) -> None:
        actor, organization = self.by(who, where)
        before = self.now.organizations[organization].scheme
        after = the([each for each in Scheme.values if each != before], number)
        mapped = scheme.Mapped(scheme.proposed_mapping(before, after))
        self.step(
            actor,
            lambda: scheme.change_scheme(
                actor=actor, organization_id=organization, known=before, scheme=after, mapped=mapped
            ),
            by="replace scheme",
        )

    # --- requests

    def ask_for_access(self, who: int, where: int, number: int, role: int) -> None:
        actor, organization = self.by(who, where)
        self.step(
            actor,
            lambda: requests.ask_for_access(
                actor=actor,
                organization_id=organization,
                workspace_id=self.workspace(organization, number),
                role_id=self.role(organization, Scope.WORKSPACE, role),
            ),
        )

    def answer_request(self, who: int, number: int, how: str) -> None:
        known = list(AccessRequest.objects.order_by("-pk")[:4])
        if not known:
            return
        asked = the(known, number)
        actor = self.actor(who, asked.organization_id, True)
        act = getattr(requests, f"{how}_request")
        self.step(
            actor,
            lambda: act(actor=actor, organization_id=asked.organization_id, request_id=asked.pk),
        )
