"""Addresses of the members of an organization."""

from django.urls import path

from workspaces.views import bulk, member, members, merging, person

paths = [
    path("members/", members.Members.as_view(), name="members"),
    path("members/filters/", members.MemberFilters.as_view(), name="member_filters"),
    path("members/bulk/<slug:name>/", bulk.BulkPreview.as_view(), name="bulk_preview"),
    path("members/bulk/<slug:name>/apply/", bulk.BulkApply.as_view(), name="bulk_apply"),
    path("members/<int:member_id>/", person.MemberPage.as_view(), name="member"),
    path("members/<int:member_id>/role/", member.MemberRole.as_view(), name="member_role"),
    path("members/<int:member_id>/suspend/", member.SuspendMember.as_view(), name="member_suspend"),
    path("members/<int:member_id>/reactivate/", member.ReactivateMember.as_view(), name="member_reactivate"),
    path("members/<int:member_id>/remove/", member.RemoveMember.as_view(), name="member_remove"),
    path("members/<int:member_id>/merge/", merging.MergeMember.as_view(), name="member_merge"),
    path("members/duplicates/", merging.Duplicates.as_view(), name="duplicates"),
    path("leave/", member.Leave.as_view(), name="leave"),
]
