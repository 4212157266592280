"""A person who signs in. Addresses beside the primary one are allauth's EmailAddress rows."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import names
from accounts.addresses import canonical


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user whose address is canonical already; verified addresses are allauth's rows, made by the caller."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Support staff made by the operator, who vouches for the address."""
        from allauth.account.models import EmailAddress

        user = self.create_user(canonical(email), password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("address"), unique=True)
    name = models.CharField(_("name"), max_length=names.MAX_LENGTH, blank=True, validators=[names.validate_name])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=settings.LANGUAGES,
        blank=True,
        help_text=_("Empty: what the browser says."),
    )
    is_staff = models.BooleanField(_("support staff"), default=False, help_text=_("May use Django admin."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("A blocked account cannot sign in anywhere.")
    )
    date_joined = models.DateTimeField(_("account since"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        indexes: ClassVar[list[models.Index]] = [
            # Few, and asked for with every check: a look at this is a look at the account saved.
            models.Index("id", name="user_blocked", condition=models.Q(is_active=False)),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name
