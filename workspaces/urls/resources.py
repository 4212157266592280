"""Addresses of resources, drives and figures."""

from django.urls import path

from workspaces.views import workspaces

paths = [
    path("w/<slug:workspace>/resources/", workspaces.WorkspaceHome.as_view(), name="workspace_resources"),
]
