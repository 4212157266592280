"""What the frame around every page shows: the person's workspaces, and the organizations to switch to."""

from django.db import connection
from django.db.models import QuerySet

from workspaces.catalogue import BuiltIn
from workspaces.models import Member, Organization
from workspaces.queries.member_sql import live

SHOWN_WORKSPACES = 8


def my_workspaces(organization: Organization, member: Member) -> list[tuple[int, str, str]]:
    """Ids, names and slugs of the first workspaces in which the member has a role, directly, through groups or as
    everyone.

    The same paths as `facts.live_grants_of`, by hand: it runs for every page, and the ORM takes longer to write it
    than the database to answer.
    """
    reached = f"""
        SELECT x.workspace_id FROM workspaces_grant x WHERE x.member_id = %s AND {live("x")}
        UNION
        SELECT x.workspace_id FROM workspaces_groupmember gm JOIN workspaces_grant x ON x.group_id = gm.group_id
        WHERE gm.member_id = %s AND {live("x")}
        UNION
        SELECT x.workspace_id FROM workspaces_workspace w JOIN workspaces_grant x ON x.workspace_id = w.id
        WHERE w.organization_id = %s AND x.principal_key = 0 AND %s <> {BuiltIn.GUEST} AND {live("x")}"""
    statement = f"""
        SELECT id, name, slug FROM workspaces_workspace
        WHERE organization_id = %s AND id IN ({reached}) AND deleted_at IS NULL AND archived_at IS NULL
        ORDER BY name LIMIT {SHOWN_WORKSPACES}"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [organization.pk, member.pk, member.pk, organization.pk, member.role_id])
        return list(cursor.fetchall())


def my_memberships(user_id: int) -> "QuerySet[Member]":
    """Where the person belongs, by name; suspended memberships too, waiting ones not."""
    return (
        Member.objects.filter(user_id=user_id, joined_at__isnull=False)
        .select_related("organization", "role")
        .order_by("organization__name")
    )
