"""One Celery task for each mail: one query for what it says, both templates, Django's message, its own connection."""

import mrml
from celery import shared_task
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.formats import date_format

from accounts.models import OutgoingMail
from invitations.emails.invitations import InvitationWording, link_of
from invitations.models import Invitation

NAME = "bench.references.mail_tasks.send_one"


@shared_task(name=NAME)
def send_one(mail_id: int, invitation_id: int) -> None:
    invitation = Invitation.objects.select_related("organization", "inviter", "member__role").get(pk=invitation_id)
    assert invitation.member
    assert invitation.inviter
    wording = InvitationWording(
        organization=invitation.organization.name,
        inviter=invitation.inviter_name,
        inviter_address=invitation.inviter.email,
        role=invitation.member.role.name,
        workspaces=(),
        groups=(),
        message=invitation.message,
    )
    until = date_format(invitation.expires_at, "l j F Y, H:i")
    context = {"mail": wording, "recipient": invitation.address, "link": link_of(invitation), "until": until}
    text = render_to_string(f"{wording.template}.txt", context)
    html = mrml.to_html(render_to_string(f"{wording.template}.mjml", context)).content
    message = EmailMultiAlternatives(wording.subject, text, to=[invitation.address])
    message.attach_alternative(html, "text/html")
    message.send()
    OutgoingMail.objects.filter(pk=mail_id).update(state=OutgoingMail.State.SENT, next_attempt_at=None)
