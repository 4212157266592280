from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    name = "workspaces"
    verbose_name = _("Organizations and access")

    def ready(self) -> None:
        from accounts import registry
        from workspaces import bulk, emails  # noqa: F401  # registers the kinds of jobs and of mail
        from workspaces.actions import directory, endings
        from workspaces.views.frame import person_frame

        registry.person_changed.append(directory.person_changed)
        registry.objections.append(endings.objections)
        registry.departures.append(endings.depart)
        registry.frames.append(person_frame)
        post_migrate.connect(_after_migrating, sender=self)


def _after_migrating(**_: object) -> None:
    from workspaces.actions.roles import sync_built_in_roles

    sync_built_in_roles()
