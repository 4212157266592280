"""Addresses of the access explorer: who can do what, and why."""

from django.urls import path

from workspaces.views import access, parting, why

paths = [
    path("access/", access.Explore.as_view(), name="access"),
    path("members/<int:member_id>/access/remove/", parting.RemoveAccess.as_view(), name="member_remove_access"),
    path("w/<slug:workspace>/access/<int:member_id>/", why.WorkspaceWhy.as_view(), name="workspace_why"),
]
