"""Addresses of groups, and of the palette that jumps to anything."""

from django.urls import path

from workspaces.views import group, group_people, groups, palette

paths = [
    path("go/", palette.Palette.as_view(), name="palette"),
    path("groups/", groups.Groups.as_view(), name="groups"),
    path("groups/new/", groups.CreateGroup.as_view(), name="group_create"),
    path("groups/<int:group_id>/", group.GroupPage.as_view(), name="group"),
    path("groups/<int:group_id>/edit/", groups.EditGroup.as_view(), name="group_edit"),
    path("groups/<int:group_id>/delete/", groups.DeleteGroup.as_view(), name="group_delete"),
    path("groups/<int:group_id>/add/", group_people.AddPeople.as_view(), name="group_add"),
    path("groups/<int:group_id>/remove/", group_people.RemovalPreview.as_view(), name="group_removal"),
    path("groups/<int:group_id>/remove/apply/", group_people.RemovalApply.as_view(), name="group_removal_apply"),
    path("groups/<int:group_id>/members/<int:member_id>/remove/", group_people.Removal.as_view(), name="group_remove"),
    path("groups/<int:group_id>/managers/new/", group_people.NameManager.as_view(), name="group_manager"),
    path(
        "groups/<int:group_id>/managers/<int:member_id>/dismiss/",
        group_people.DismissManager.as_view(),
        name="group_manager_dismiss",
    ),
]
