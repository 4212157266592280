"""Addresses: the person's own pages, and under /o/<organization>/ one module per part of it."""

from django.urls import include, path

from workspaces.urls import (
    access,
    grants,
    groups,
    jobs,
    members,
    organization,
    overview,
    requests,
    resources,
    roles,
    workspaces,
)
from workspaces.views import my, organizations

parts = (organization, overview, members, groups, workspaces, grants, roles, resources, access, requests, jobs)

urlpatterns = [
    path("", my.Home.as_view(), name="home"),
    path("my/", my.MyAccess.as_view(), name="my_access"),
    path("my/organizations/", my.Switcher.as_view(), name="switcher"),
    path("organizations/new/", organizations.Create.as_view(), name="organization_create"),
    path("o/<slug:slug>/", include([address for part in parts for address in part.paths])),
]
