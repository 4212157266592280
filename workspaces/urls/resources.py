"""Addresses of resources, drives and figures."""

from django.urls import path

from workspaces.views import resource, resources

paths = [
    path("resources/", resources.OrganizationResources.as_view(), name="organization_resources"),
    path("resources/drive/", resources.OrganizationDrive.as_view(), name="organization_drive"),
    path("resources/<int:resource_id>/", resource.ResourcePage.as_view(), name="resource"),
    path("resources/<int:resource_id>/access/", resource.ResourceAccess.as_view(), name="resource_access"),
    path("resources/<int:resource_id>/share/", resource.ShareWith.as_view(), name="resource_share"),
    path("resources/<int:resource_id>/transfer/", resource.Transfer.as_view(), name="resource_transfer"),
    path(
        "resources/<int:resource_id>/collaborators/<int:member_id>/remove/",
        resource.Unshare.as_view(),
        name="resource_unshare",
    ),
    path("w/<slug:workspace>/resources/", resources.WorkspaceResources.as_view(), name="workspace_resources"),
    path("w/<slug:workspace>/resources/drive/", resources.WorkspaceDrive.as_view(), name="workspace_drive"),
]
