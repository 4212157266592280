"""Addresses of requests for access."""

from django.urls import path

from workspaces.views import requests

paths = [
    path("requests/", requests.Requests.as_view(), name="requests"),
    path("requests/new/", requests.Ask.as_view(), name="request_new"),
    path("requests/role/", requests.AskForRole.as_view(), name="request_role"),
    path("requests/keep/<int:grant_id>/", requests.AskToKeep.as_view(), name="request_keep"),
    path("requests/<int:request_id>/approve/", requests.Approve.as_view(), name="request_approve"),
    path("requests/<int:request_id>/decline/", requests.Decline.as_view(), name="request_decline"),
    path("requests/<int:request_id>/withdraw/", requests.Withdraw.as_view(), name="request_withdraw"),
]
