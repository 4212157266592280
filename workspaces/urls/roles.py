"""Addresses of roles and the role scheme."""

from django.urls import path

from workspaces.views import role_editing, roles, scheme

paths = [
    path("roles/", roles.RoleMatrix.as_view(), name="roles"),
    path("roles/new/", role_editing.RoleNew.as_view(), name="role_new"),
    path("roles/<int:role_id>/", roles.RolePage.as_view(), name="role"),
    path("roles/<int:role_id>/compare/", roles.RoleCompare.as_view(), name="role_compare"),
    path("roles/<int:role_id>/edit/", role_editing.RoleEdit.as_view(), name="role_edit"),
    path("roles/<int:role_id>/edit/preview/", role_editing.RoleEditPreview.as_view(), name="role_edit_preview"),
    path("roles/<int:role_id>/delete/", role_editing.RoleDelete.as_view(), name="role_delete"),
    path("settings/scheme/", scheme.SchemePage.as_view(), name="scheme"),
    path("settings/scheme/preview/", scheme.SchemePreview.as_view(), name="scheme_preview"),
]
