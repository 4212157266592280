"""Addresses of people, groups and everyone in a workspace: their grants."""

from django.urls import path

from workspaces.views import workspaces

paths = [
    path("w/<slug:workspace>/members/", workspaces.WorkspaceHome.as_view(), name="workspace_members"),
]
