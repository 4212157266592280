from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and mail")

    def ready(self) -> None:
        from accounts import emails  # noqa: F401 - registers the kinds of mail
