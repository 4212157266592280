from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and mail"

    def ready(self) -> None:
        from accounts import emails  # noqa: F401 - registers the kinds of mail
