"""What support staff see of organizations and members, and what they may do there without consent (P22).

Each act goes through `actions` as support's, is decided there and stands in the organization's history. Nothing of what
happens inside an organization (grants, groups, history) is shown.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import support_actor
from accounts.admin import BOTH, NewestFilter, SupportAdmin, UserAdmin, attempt, few, unconfirmed
from workspaces.actions import members, organizations
from workspaces.forms import Limits, Successor
from workspaces.models import Member, Organization
from workspaces.names import NEVER
from workspaces.plans import Outcome
from workspaces.queries.organizations import open_offer, possible_successors
from workspaces.queries.seats import seats_of
from workspaces.queries.support import members_matching, users_matching
from workspaces.selections import Chosen

type Perform = Callable[..., Outcome]


def perform_on(request: HttpRequest, chosen: Iterable[tuple[int, int]], perform: Perform, done: str) -> None:
    """Calls the action once for each organization, and says what changed and why the rest did not.

    chosen: (organization, member) ids. done: such as "Suspended".
    """
    places: dict[int, list[int]] = {}
    for organization_id, member_id in chosen:
        places.setdefault(organization_id, []).append(member_id)
    for organization_id, ids in places.items():
        members_here = Chosen(ids=tuple(ids))
        act = partial(perform, actor=support_actor(request), organization_id=organization_id, chosen=members_here)
        outcome = attempt(request, act)
        if outcome is None:
            continue
        if outcome.changed:
            messages.success(request, f"{done}: {outcome.changed}")
        for reason, count in outcome.refused.items():
            messages.warning(request, _("Not %(count)s: %(reason)s") % {"count": count, "reason": reason.sentence})


def changelist_link(model: type[Model], label: str, **narrowed: object) -> SafeString:
    opts = model._meta
    url = f"{reverse(f'admin:{opts.app_label}_{opts.model_name}_changelist')}?{urlencode(narrowed)}"
    return format_html('<a href="{}">{}</a>', url, label)


def state_of(member: Member) -> str:
    if member.joined_at is not None:
        return _("Suspended") if member.suspended_at else _("Joined")
    if member.declined_at is not None:
        return _("Declined")
    expired = member.invited_until is not None and member.invited_until <= timezone.now()
    return _("Expired") if expired else _("Invited")


@admin.register(Organization)
class OrganizationAdmin(SupportAdmin):
    list_display = ("name", "slug", "scheme", "owner_name", "created_at")
    list_select_related = ("owner__directory",)
    search_help_text = gettext_lazy("The beginning of its name or address part")
    fields = ("name", "slug", "scheme", "owner_name", "offer", "people", "seats_taken", "asked_today",
              "invitation_days", "created_at")  # fmt: skip
    readonly_fields = ("owner_name", "offer", "people", "seats_taken", "asked_today")
    actions = ("offer_ownership", "change_limits")

    def find(self, rows: QuerySet[Organization], text: str) -> QuerySet[Organization]:
        named = Q(name__istartswith=text)
        return rows.filter(named | Q(slug__startswith=slugify(text)) if slugify(text) else named)

    @admin.display(description=gettext_lazy("owner"))
    def owner_name(self, organization: Organization) -> str:
        owner = organization.owner
        return f"{owner.directory.name or owner.address} ({owner.address})" if owner else ""

    @admin.display(description=gettext_lazy("open offer of ownership"))
    def offer(self, organization: Organization) -> str:
        offer = open_offer(organization)
        if offer is None:
            return ""
        until = date_format(offer.expires_at, _("j F Y"))
        name = offer.successor.directory.name or offer.successor.address
        return _("%(name)s, until %(day)s") % {"name": name, "day": until}

    @admin.display(description=gettext_lazy("people"))
    def people(self, organization: Organization) -> SafeString:
        return changelist_link(Member, _("Its members"), organization__id__exact=organization.pk)

    @admin.display(description=gettext_lazy("seats"))
    def seats_taken(self, organization: Organization) -> str:
        seats = seats_of(organization)
        if seats is None:
            return _("no limit")
        return _("%(taken)s of %(limit)s taken") % {"taken": intcomma(seats.taken), "limit": intcomma(seats.limit)}

    @admin.display(description=gettext_lazy("invitations a day"))
    def asked_today(self, organization: Organization) -> str:
        limit = organization.invitations_per_day
        return _("the installation's limit") if limit is None else intcomma(limit)

    @admin.action(description=gettext_lazy("Change its limits"), location=ActionLocation.CHANGE_FORM)
    def change_limits(self, request: HttpRequest, queryset: QuerySet[Organization]) -> HttpResponse | None:
        """The operator's knobs: seats, and invitations a day."""
        organization = queryset.get()
        present = {"seats": organization.seats, "invitations_per_day": organization.invitations_per_day}
        form = Limits(request.POST if "confirmed" in request.POST else None, initial=present)
        page = unconfirmed(
            self,
            request,
            [organization],
            title=_("Change the limits"),
            sentence=_("Fewer seats than people send nobody away: nobody else comes in. They are those of:"),
            button=_("Save the limits"),
            form=form,
        )
        if page is not None:
            return page
        changed = attempt(
            request,
            lambda: organizations.change_limits(
                actor=support_actor(request), organization_id=organization.pk, **form.cleaned_data
            ),
        )
        if changed is not None:
            messages.success(request, _("The limits are saved.") if changed else _("Nothing was changed."))
        return None

    @admin.action(description=gettext_lazy("Start a transfer of ownership"), location=ActionLocation.CHANGE_FORM)
    def offer_ownership(self, request: HttpRequest, queryset: QuerySet[Organization]) -> HttpResponse | None:
        """Where the owner is gone; the successor has to accept it."""
        organization = queryset.get()
        form = Successor(possible_successors(organization), request.POST if "confirmed" in request.POST else None)
        page = unconfirmed(
            self,
            request,
            [organization],
            title=_("Start a transfer of ownership"),
            sentence=_("Whoever you choose has seven days to take the ownership over; until then nothing changes in:"),
            button=_("Offer the ownership"),
            form=form,
        )
        if page is not None:
            return page
        transfer = attempt(
            request,
            lambda: organizations.offer_transfer(
                actor=support_actor(request),
                organization_id=organization.pk,
                successor_id=form.cleaned_data["successor"],
            ),
        )
        if transfer is not None:
            messages.success(request, _("The offer stands for seven days."))
        return None


class MemberStateFilter(NewestFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    conditions: ClassVar = {
        "waiting": (gettext_lazy("Not joined"), Q(joined_at__isnull=True)),
        "suspended": (gettext_lazy("Suspended"), Q(suspended_at__isnull=False)),
    }


@admin.register(Member)
class MemberAdmin(SupportAdmin):
    list_display = ("person", "address", "organization", "role", "state", "last_active")
    list_select_related = ("organization", "role", "directory", "activity", "user")
    list_filter = (MemberStateFilter,)
    lookups = frozenset({"organization__id__exact", "user__id__exact"})
    search_help_text = gettext_lazy("A part of a name or address, or the beginning of another address of theirs")
    fields = ("person", "address", "organization", "role", "state", "created_at", "joined_at", "suspended_at",
              "invited_until", "last_active", "account")  # fmt: skip
    readonly_fields = ("person", "state", "last_active", "account")
    actions: Sequence[Any] = ("suspend", "revoke")

    def find(self, rows: QuerySet[Member], text: str) -> QuerySet[Member]:
        return rows.filter(pk__in=members_matching(text))

    @admin.display(description=gettext_lazy("person"))
    def person(self, member: Member) -> str:
        return member.directory.name or member.address

    @admin.display(description=gettext_lazy("state"))
    def state(self, member: Member) -> str:
        return state_of(member)

    @admin.display(description=gettext_lazy("last active"))
    def last_active(self, member: Member) -> object:
        seen = member.activity.last_active_at
        return seen if seen > NEVER else None

    @admin.display(description=gettext_lazy("account"))
    def account(self, member: Member) -> SafeString | str:
        if member.user is None:
            return _("none yet")
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[member.user_id]), member.user
        )

    @admin.action(
        description=gettext_lazy("Suspend in this organization"),
        description_plural=gettext_lazy("Suspend in their organizations"),
        location=BOTH,
    )
    def suspend(self, request: HttpRequest, queryset: QuerySet[Member]) -> HttpResponse | None:
        return self.confirm_and(
            request,
            queryset,
            members.suspend_members,
            title=_("Suspend members"),
            sentence=_("They lose their rights in these organizations, and nothing elsewhere; placements stay:"),
            button=_("Suspend"),
            done=_("Suspended"),
        )

    @admin.action(description=gettext_lazy("Revoke the invitation"), location=BOTH)
    def revoke(self, request: HttpRequest, queryset: QuerySet[Member]) -> HttpResponse | None:
        return self.confirm_and(
            request,
            queryset,
            members.revoke_invitations,
            title=_("Revoke invitations"),
            sentence=_("Their links end, and they can come back only by a new invitation:"),
            button=_("Revoke"),
            done=_("Revoked"),
        )

    def confirm_and(
        self, request: HttpRequest, queryset: QuerySet[Member], perform: Perform, *, done: str, **words: Any
    ) -> HttpResponse | None:
        chosen = few(request, queryset.select_related("organization", "directory"))
        rows = [f"{self.person(member)}, {member.organization}" for member in chosen]
        page = unconfirmed(self, request, rows, **words) if chosen else None
        if page is None:
            perform_on(request, ((member.organization_id, member.pk) for member in chosen), perform, done)
        return page


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Where a person belongs."""

    model = Member
    fk_name = "user"
    verbose_name_plural = gettext_lazy("Memberships")
    fields = readonly_fields = ("organization", "address", "role", "state")
    extra = max_num = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return super().get_queryset(request).select_related("organization", "role").order_by("organization__name")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("state"))
    def state(self, member: Member) -> str:
        return state_of(member)


UserAdmin.inlines = (*UserAdmin.inlines, MembershipInline)
UserAdmin.finders.append(users_matching)
