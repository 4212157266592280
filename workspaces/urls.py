"""Addresses of organizations and of the person's own access."""

from django.urls import include, path

from workspaces.views import bulk, history, member, members, my, organizations, person

here = [
    path("", my.OrganizationHome.as_view(), name="organization"),
    path("members/", members.Members.as_view(), name="members"),
    path("members/filters/", members.MemberFilters.as_view(), name="member_filters"),
    path("members/bulk/<slug:name>/", bulk.BulkPreview.as_view(), name="bulk_preview"),
    path("members/bulk/<slug:name>/apply/", bulk.BulkApply.as_view(), name="bulk_apply"),
    path("members/<int:member_id>/", person.MemberPage.as_view(), name="member"),
    path("members/<int:member_id>/role/", member.MemberRole.as_view(), name="member_role"),
    path("members/<int:member_id>/suspend/", member.SuspendMember.as_view(), name="member_suspend"),
    path("members/<int:member_id>/reactivate/", member.ReactivateMember.as_view(), name="member_reactivate"),
    path("members/<int:member_id>/remove/", member.RemoveMember.as_view(), name="member_remove"),
    path("history/", history.History.as_view(), name="history"),
    path("leave/", member.Leave.as_view(), name="leave"),
    path("settings/", organizations.General.as_view(), name="settings"),
    path("settings/ownership/", organizations.Ownership.as_view(), name="ownership"),
    path("settings/ownership/transfer/", organizations.Transfer.as_view(), name="transfer"),
    path("settings/ownership/withdraw/", organizations.WithdrawTransfer.as_view(), name="transfer_withdraw"),
    path("settings/ownership/accept/", organizations.AcceptTransfer.as_view(), name="transfer_accept"),
    path("settings/danger/", organizations.Danger.as_view(), name="danger"),
    path("settings/danger/delete/", organizations.Delete.as_view(), name="organization_delete"),
]

urlpatterns = [
    path("", my.Home.as_view(), name="home"),
    path("my/", my.MyAccess.as_view(), name="my_access"),
    path("my/organizations/", my.Switcher.as_view(), name="switcher"),
    path("organizations/new/", organizations.Create.as_view(), name="organization_create"),
    path("o/<slug:slug>/", include(here)),
]
