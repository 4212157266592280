"""Addresses of workspaces. Inside one everything stands under its own part of the address, which stays when it is
renamed; a deleted one has none.
"""

from django.urls import path

from workspaces.views import workspace_settings, workspaces

paths = [
    path("workspaces/", workspaces.Workspaces.as_view(), name="workspaces"),
    path("workspaces/new/", workspaces.Create.as_view(), name="workspace_create"),
    path("workspaces/<int:workspace_id>/restore/", workspaces.Restore.as_view(), name="workspace_restore"),
    path("w/<slug:workspace>/", workspaces.WorkspaceHome.as_view(), name="workspace"),
    path("w/<slug:workspace>/join/", workspaces.Join.as_view(), name="workspace_join"),
    path("w/<slug:workspace>/leave/", workspaces.Leave.as_view(), name="workspace_leave"),
    path("w/<slug:workspace>/default/", workspaces.ChooseDefault.as_view(), name="workspace_default"),
    path("w/<slug:workspace>/history/", workspace_settings.WorkspaceHistory.as_view(), name="workspace_history"),
    path("w/<slug:workspace>/settings/", workspace_settings.WorkspaceSettings.as_view(), name="workspace_settings"),
    path("w/<slug:workspace>/settings/archive/", workspace_settings.Archive.as_view(), name="workspace_archive"),
    path("w/<slug:workspace>/settings/reopen/", workspace_settings.Reopen.as_view(), name="workspace_reopen"),
    path("w/<slug:workspace>/settings/delete/", workspace_settings.Delete.as_view(), name="workspace_delete"),
]
