"""Rows of the built-in roles, made from the catalogue after each migration."""

from workspaces.catalogue import BUILT_IN_ROLES
from workspaces.models import Role, RolePermission


def sync_built_in_roles() -> None:
    """Makes the rows of built-in roles equal to the catalogue. Safe to run any number of times."""
    Role.objects.bulk_create(
        [
            Role(id=role.id, scope=role.scope, scheme=role.scheme, name=role.name, audience=role.audience)
            for role in BUILT_IN_ROLES.values()
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["scope", "scheme", "name", "audience"],
    )
    wanted = {(role.id, code) for role in BUILT_IN_ROLES.values() for code in role.permissions}
    present = set(RolePermission.objects.filter(role__organization__isnull=True).values_list("role_id", "permission"))
    for role_id, code in present - wanted:
        RolePermission.objects.filter(role_id=role_id, permission=code).delete()
    RolePermission.objects.bulk_create(
        [RolePermission(role_id=role_id, permission=code) for role_id, code in sorted(wanted - present)]
    )
