"""Addresses of the overview and what its hints offer."""

from django.urls import path

from workspaces.views import overview

paths = [
    path("overview/", overview.Overview.as_view(), name="overview"),
    path("members/<int:member_id>/instead/", overview.MakeWorkspaceAdmin.as_view(), name="member_instead"),
]
