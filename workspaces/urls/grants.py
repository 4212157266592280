"""Addresses of people, groups and everyone in a workspace: their grants."""

from django.urls import path

from workspaces.views import giving, grant_bulk, grants, workspace_people, workspace_person

MEMBERS = "w/<slug:workspace>/members/"
PERSON = f"{MEMBERS}<int:member_id>/"
GRANTS = "w/<slug:workspace>/grants/"
GRANT = f"{GRANTS}<int:grant_id>/"

paths = [
    path(MEMBERS, workspace_people.WorkspacePeople.as_view(), name="workspace_members"),
    path(f"{MEMBERS}filters/", workspace_people.WorkspacePeopleFilters.as_view(), name="workspace_member_filters"),
    path(f"{MEMBERS}add/", giving.QuickAdd.as_view(), name="workspace_add"),
    path(f"{MEMBERS}everyone/", giving.EveryoneHere.as_view(), name="workspace_everyone"),
    path(f"{MEMBERS}bulk/<slug:name>/", grant_bulk.PeoplePreview.as_view(), name="workspace_bulk"),
    path(f"{MEMBERS}bulk/<slug:name>/apply/", grant_bulk.PeopleApply.as_view(), name="workspace_bulk_apply"),
    path(PERSON, workspace_person.PersonHere.as_view(), name="workspace_member"),
    path(f"{PERSON}role/", workspace_person.PersonRole.as_view(), name="workspace_member_role"),
    path(f"{PERSON}permissions/", workspace_person.PersonPermissions.as_view(), name="workspace_member_permissions"),
    path(f"{PERSON}revoke/", workspace_person.PersonRevoke.as_view(), name="workspace_member_revoke"),
    path(f"{PERSON}remove/", workspace_person.PersonRemove.as_view(), name="workspace_member_remove"),
    path(f"{PERSON}resend/", workspace_person.PersonResend.as_view(), name="workspace_member_resend"),
    path(f"{PERSON}history/", workspace_person.PersonHistory.as_view(), name="workspace_member_history"),
    path(GRANTS, grants.Grants.as_view(), name="workspace_grants"),
    path(f"{GRANTS}bulk/<slug:name>/", grant_bulk.GrantsPreview.as_view(), name="grant_bulk"),
    path(f"{GRANTS}bulk/<slug:name>/apply/", grant_bulk.GrantsApply.as_view(), name="grant_bulk_apply"),
    path(f"{GRANT}role/", grants.GrantRole.as_view(), name="grant_role"),
    path(f"{GRANT}edit/", grants.GrantEdit.as_view(), name="grant_edit"),
    path(f"{GRANT}remove/", grants.GrantRemove.as_view(), name="grant_remove"),
]
