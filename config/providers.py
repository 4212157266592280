"""Which mail services can report bounces and complaints to Roster, and what proves that a report is theirs.

Mail always leaves by SMTP; a service is named only for its reports (django-anymail's tracking webhooks). Without proof
nothing is mounted: the process refuses to start.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 16  # characters


@dataclass(frozen=True, slots=True)
class Provider:
    """view: anymail's tracking view. key: the setting of its signing key; "": it sends a user and a password instead.

    id_header: a line of the message that comes back with reports, where the service replaces the Message-ID.
    """

    view: str
    key: str = ""
    id_header: str = ""


PROVIDERS: Mapping[str, Provider] = {
    "brevo": Provider("brevo.BrevoTrackingWebhookView"),
    "mailersend": Provider("mailersend.MailerSendTrackingWebhookView", "MAILERSEND_SIGNING_SECRET"),
    "mailgun": Provider("mailgun.MailgunTrackingWebhookView", "MAILGUN_WEBHOOK_SIGNING_KEY"),
    "mailjet": Provider("mailjet.MailjetTrackingWebhookView"),
    "mailtrap": Provider("mailtrap.MailtrapTrackingWebhookView", "MAILTRAP_TRACKING_SECRET"),
    "postal": Provider("postal.PostalTrackingWebhookView", "POSTAL_WEBHOOK_KEY"),
    "postmark": Provider("postmark.PostmarkTrackingWebhookView", id_header="X-PM-Metadata-anymail_id"),
    "sparkpost": Provider("sparkpost.SparkPostTrackingWebhookView"),
}


def anymail_settings(name: str, secret: str) -> dict[str, str]:
    """The ANYMAIL setting; empty without a provider. Raises ImproperlyConfigured for what would be open to anyone."""
    if not name:
        return {}
    if name not in PROVIDERS:
        raise ImproperlyConfigured(f"ANYMAIL_PROVIDER is one of {', '.join(PROVIDERS)}, not {name!r}.")
    key = PROVIDERS[name].key
    proof = secret if key else secret.partition(":")[2]
    if len(proof) < SHORTEST_SECRET:
        what = "the signing key of its webhooks" if key else "user:password, which its webhook's address carries,"
        raise ImproperlyConfigured(
            f"Set ANYMAIL_SECRET to {what} with at least {SHORTEST_SECRET} characters of secret: "
            f"reports of {name} that nothing proves are not taken."
        )
    return {key or "WEBHOOK_SECRET": secret}
