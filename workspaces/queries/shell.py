"""What the frame around every page shows: the person's workspaces, and the organizations to switch to."""

from dataclasses import dataclass

from django.db.models import QuerySet

from config.statements import prepared
from workspaces.catalogue import BuiltIn, Code
from workspaces.models import Group, Member, Organization, Workspace
from workspaces.queries.member_sql import live
from workspaces.sql import in_list

SHOWN_WORKSPACES = 8
MOST_REQUESTS = 100


@dataclass(frozen=True, slots=True)
class Surroundings:
    """workspaces: id, name and slug of the first ones in which the member has a role. requests: how many open ones they
    may decide, counted no further than MOST_REQUESTS.
    """

    workspaces: list[tuple[int, str, str]]
    requests: int


def surroundings(organization: Organization, member: Member, *, decides_all: bool) -> Surroundings:
    """By one statement, since it runs for every page. The same paths as `facts.live_grants_of`, by hand: the ORM takes
    longer to write them than the database to answer. decides_all: requests of the whole organization are theirs.
    """
    own_groups = "SELECT gm.group_id FROM workspaces_groupmember gm WHERE gm.member_id = %(member)s"
    statement = f"""
        WITH reached AS (
            SELECT x.workspace_id, x.role_id FROM workspaces_grant x
            WHERE x.member_id = %(member)s AND {live("x")}
            UNION
            SELECT x.workspace_id, x.role_id FROM workspaces_grant x
            WHERE {in_list("x.group_id", own_groups)} AND {live("x")}
            UNION
            SELECT x.workspace_id, x.role_id
            FROM workspaces_workspace w JOIN workspaces_grant x ON x.workspace_id = w.id
            WHERE w.organization_id = %(organization)s AND x.principal_key = 0 AND NOT %(is_guest)s AND {live("x")}
        ),
        managed AS (
            SELECT reached.workspace_id FROM reached
            JOIN workspaces_rolepermission p ON p.role_id = reached.role_id AND p.permission = %(manages)s
        ),
        mine AS (
            SELECT id, name, slug FROM workspaces_workspace
            WHERE organization_id = %(organization)s AND id IN (SELECT workspace_id FROM reached)
              AND deleted_at IS NULL AND archived_at IS NULL
            ORDER BY name LIMIT {SHOWN_WORKSPACES}
        ),
        asked AS (
            SELECT r.id FROM workspaces_accessrequest r
            WHERE r.organization_id = %(organization)s AND r.member_id <> %(member)s
              AND r.approved_at IS NULL AND r.declined_at IS NULL AND r.withdrawn_at IS NULL
              AND (%(decides_all)s OR EXISTS (
                  SELECT 1 FROM workspaces_requestedplacement rp
                  LEFT JOIN workspaces_resource s ON s.id = rp.resource_id
                  WHERE rp.request_id = r.id AND (
                      rp.workspace_id IN (SELECT workspace_id FROM managed) OR s.owner_id = %(member)s
                      OR (s.access <> 'private' AND s.workspace_id IN (SELECT workspace_id FROM managed)))))
            LIMIT {MOST_REQUESTS}
        )
        SELECT id, name, slug FROM mine
        UNION ALL SELECT NULL, '', CAST((SELECT count(*) FROM asked) AS varchar)"""
    about = {
        "organization": organization.pk,
        "member": member.pk,
        "is_guest": member.role_id == BuiltIn.GUEST,
        "manages": Code.MEMBERS_WORKSPACE_MANAGE.value,
        "decides_all": decides_all,
    }
    *rows, (_none, _name, count) = sorted(prepared(statement, about), key=lambda row: (row[0] is None, row[1]))
    return Surroundings(rows, int(count))


def my_memberships(user_id: int) -> "QuerySet[Member]":
    """Where the person belongs, by name; suspended memberships too, waiting ones not."""
    return (
        Member.objects.filter(user_id=user_id, joined_at__isnull=False)
        .select_related("organization", "role")
        .order_by("organization__name")
    )


def managed_groups(member: Member) -> list[tuple[int, str]]:
    """Groups whose membership the member keeps."""
    groups = Group.objects.filter(managers__member=member).order_by("sort_name")
    return list(groups.values_list("pk", "name"))


def default_slug(member: Member) -> str | None:
    """Of the workspace in which the member chose to begin, if it still stands; they may have lost it since."""
    chosen = Workspace.objects.alive().filter(pk=member.default_workspace_id or 0, organization=member.organization_id)
    return chosen.values_list("slug", flat=True).first()
