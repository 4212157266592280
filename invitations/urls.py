"""Addresses of asking people in, and of the invitee's pages."""

from django.urls import include, path, re_path

from invitations.views import answering, inviting, waiting

here = [
    path("invite/", inviting.Invite.as_view(), name="invite"),
    path("invite/check/", inviting.CheckAddresses.as_view(), name="invite_check"),
    path("members/<int:member_id>/edit/", waiting.EditMember.as_view(), name="member_edit"),
    path("members/<int:member_id>/resend/", waiting.Resend.as_view(), name="member_resend"),
]

urlpatterns = [
    path("o/<slug:slug>/", include(here)),
    re_path(r"^i/(?P<token>[^/]{1,200})/?$", answering.Link.as_view(), name="invitation_link"),
    path("invitation/", answering.Offer.as_view(), name="invitation"),
    path("invitation/accept/", answering.Accept.as_view(), name="invitation_accept"),
    path("invitation/decline/", answering.Decline.as_view(), name="invitation_decline"),
    path("invitation/switch/", answering.SwitchAccount.as_view(), name="invitation_switch"),
    path("invitation/<int:invitation_id>/open/", answering.OpenOwn.as_view(), name="invitation_open"),
]
