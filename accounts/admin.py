"""What support staff see of people, and the frame of all their pages: they find, and call actions (P22).

Every page stays cheap at a million rows: nothing is counted beyond MOST, sorted by a column or filtered without bound.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions, queries
from accounts.access import support_actor
from accounts.models import User
from config.refusals import Refusal

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyAdmin, AnyPaginator = admin.ModelAdmin, Paginator

MOST = 1_000
"""Rows that a list counts and pages through; whoever looks for others searches."""
AT_ONCE = 100
"""Rows that one action takes."""
WINDOW = 100_000
"""How many of the newest rows a filter looks at."""

BOTH = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


class CappedPaginator(AnyPaginator):
    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by("-pk").values_list("pk", flat=True)[:MOST])


class NewestFilter(admin.SimpleListFilter):
    """Conditions that no index serves, asked of the newest rows only."""

    conditions: ClassVar[Mapping[str, tuple[Promise, Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, (label, _condition) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in self.conditions:
            return queryset
        return newest(queryset).filter(self.conditions[self.value() or ""][1])


def newest(rows: QuerySet[Any]) -> QuerySet[Any]:
    last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    return rows.filter(pk__gt=last - WINDOW)


class AbstractAdmin(ABCMeta, forms.MediaDefiningClass):
    """Lets pages have abstract methods: one that lacks them cannot be registered."""


class SupportAdmin(AnyAdmin, metaclass=AbstractAdmin):
    """Read-only for all staff alike. `lookups`: what else a link may narrow the list by."""

    lookups: ClassVar[frozenset[str]] = frozenset()
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("pk",)  # shows the search box; what it finds is `find`'s to say

    @abstractmethod
    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Those of the rows that the text names; it is not empty."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (self.find(queryset, text) if text else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        filters = {getattr(each, "parameter_name", "") for each in self.list_filter or ()}
        return lookup in self.lookups | filters

    def get_urls(self) -> list[URLPattern]:
        unused = tuple(f"_{self.opts.model_name}_{name}" for name in ("add", "delete", "history"))
        return [url for url in super().get_urls() if not (url.name or "").endswith(unused)]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# --- carrying out


def attempt(request: HttpRequest, act: Callable[[], Any], *, about: object = "") -> Any:
    """What the act returns; what it refuses becomes a message. Only the way to the confirmation page is left alone."""
    try:
        return act()
    except Refusal as refusal:
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            raise
        messages.error(request, f"{about}: {refusal.sentence}" if about else str(refusal.sentence))
        return None


def few(request: HttpRequest, rows: QuerySet[Any]) -> list[Any]:
    """The chosen rows, or none and a message when they are too many to be meant."""
    chosen = list(rows[: AT_ONCE + 1])
    if len(chosen) > AT_ONCE:
        messages.error(request, _("Choose at most %(count)s rows at once.") % {"count": AT_ONCE})
        return []
    return chosen


def unconfirmed(
    owner: SupportAdmin,
    request: HttpRequest,
    rows: Sequence[object],
    *,
    title: str,
    sentence: str,
    button: str,
    form: forms.Form | None = None,
) -> HttpResponse | None:
    """The page that says what is about to happen to whom; None once that was confirmed with a valid form."""
    if "confirmed" in request.POST and (form is None or form.is_valid()):
        return None
    kept = (*(name for name in request.POST if name.endswith("action")), ACTION_CHECKBOX_NAME)
    context = {
        **owner.admin_site.each_context(request),
        "opts": owner.opts,
        "title": title,
        "sentence": sentence,
        "button": button,
        "rows": rows,
        "form": form,
        "hidden": [(name, value) for name in dict.fromkeys(kept) for value in request.POST.getlist(name) if value],
        "back_url": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


# --- people


class UserStateFilter(NewestFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    conditions: ClassVar = {
        "blocked": (gettext_lazy("Blocked"), Q(is_active=False)),
        "staff": (gettext_lazy("Support staff"), Q(is_staff=True)),
    }


@admin.register(User)
class UserAdmin(SupportAdmin):
    """People by any of their addresses, and by what `finders` know."""

    list_display = ("display_name", "email", "is_blocked", "is_staff", "last_login", "date_joined")
    list_filter = (UserStateFilter,)
    search_help_text = gettext_lazy("A name, or the beginning of any of their addresses")
    fields = ("name", "email", "addresses", "second_factor", "time_zone", "is_blocked", "is_staff", "last_login",
              "date_joined")  # fmt: skip
    actions = ("block", "unblock")
    finders: ClassVar[list[Callable[[str], Iterable[int]]]] = [queries.users_by_address]

    def find(self, rows: QuerySet[User], text: str) -> QuerySet[User]:
        return rows.filter(pk__in={pk for finder in self.finders for pk in finder(text)})

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers say who is support staff, and nothing else."""
        is_other = obj is None or obj.pk != request.user.pk
        return bool(request.user.is_superuser) and is_other and self.admin_site.has_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [field for field in self.fields if field != "is_staff"]

    def save_model(self, request: HttpRequest, obj: User, form: "forms.ModelForm[User]", change: bool) -> None:
        actions.appoint_staff(actor=support_actor(request), user_id=obj.pk, is_staff=obj.is_staff)

    @admin.display(description=gettext_lazy("blocked"), boolean=True)
    def is_blocked(self, user: User) -> bool:
        return not user.is_active

    @admin.display(description=gettext_lazy("addresses"))
    def addresses(self, user: User) -> SafeString:
        words = {True: _("confirmed"), False: _("not confirmed")}
        rows = queries.addresses_of(user.pk)
        return format_html_join("", "<div>{} ({})</div>", ((row.email, words[row.verified]) for row in rows))

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def second_factor(self, user: User) -> bool:
        security = queries.security_of(user)
        return security.app is not None or bool(security.passkeys)

    @admin.action(description=gettext_lazy("Block the account"), location=BOTH)
    def block(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        users = few(request, queryset)
        page = users and unconfirmed(
            self,
            request,
            users,
            title=_("Block accounts"),
            sentence=_("All their sessions end at once, and they cannot sign in until the account is unblocked:"),
            button=_("Block"),
        )
        if page:
            return page
        for user in users:
            block = partial(actions.block_account, actor=support_actor(request), user_id=user.pk)
            ended = attempt(request, block, about=user)
            if ended is not None:
                text = _("%(name)s is blocked; sessions ended: %(count)s.") % {"name": user, "count": ended}
                messages.success(request, text)
        return None

    @admin.action(description=gettext_lazy("Unblock the account"), location=BOTH)
    def unblock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in few(request, queryset):

            def act(user_id: int = user.pk) -> bool:
                actions.unblock_account(actor=support_actor(request), user_id=user_id)
                return True

            if attempt(request, act, about=user):
                messages.success(request, _("%(name)s may sign in again.") % {"name": user})
