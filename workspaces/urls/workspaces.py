"""Addresses of workspaces."""

from django.urls import path

from workspaces.views import workspaces

paths = [
    path("w/<slug:workspace>/", workspaces.WorkspaceHome.as_view(), name="workspace"),
    path("w/<slug:workspace>/history/", workspaces.WorkspaceHome.as_view(), name="workspace_history"),
    path("w/<slug:workspace>/settings/", workspaces.WorkspaceHome.as_view(), name="workspace_settings"),
]
