"""Addresses of the organization itself: where it begins, its history, its settings."""

from django.urls import path

from workspaces.views import history, my, organizations

paths = [
    path("", my.OrganizationHome.as_view(), name="organization"),
    path("history/", history.History.as_view(), name="history"),
    path("settings/", organizations.General.as_view(), name="settings"),
    path("settings/ownership/", organizations.Ownership.as_view(), name="ownership"),
    path("settings/ownership/transfer/", organizations.Transfer.as_view(), name="transfer"),
    path("settings/ownership/withdraw/", organizations.WithdrawTransfer.as_view(), name="transfer_withdraw"),
    path("settings/ownership/accept/", organizations.AcceptTransfer.as_view(), name="transfer_accept"),
    path("settings/danger/", organizations.Danger.as_view(), name="danger"),
    path("settings/danger/delete/", organizations.Delete.as_view(), name="organization_delete"),
]
