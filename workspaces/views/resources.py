"""Resources of a workspace and of the organization as a whole: lists, counts, default drives, reported figures."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from config.http import Request, go, page, plain_number, plain_words
from workspaces.actions import resources as actions
from workspaces.filters import with_query
from workspaces.forms.resources import ChooseDrive
from workspaces.models import Figure, Resource
from workspaces.policy import Verb, decide
from workspaces.policy.resources import Vocabulary
from workspaces.queries.catalogue import products, vocabulary_of
from workspaces.queries.resources import (
    PAGE,
    KindCount,
    Owned,
    Seen,
    Viewer,
    alive,
    counts_of,
    drives_in,
    figures_of,
    may_open,
    page_of,
    reported_counts,
    seen_by,
    shared_with,
    viewer_in,
    visible,
)
from workspaces.views.base import OrganizationView, WorkspaceView

ICONS = {
    "project": "folder",
    "data set": "database",
    "model": "cpu",
    "drive": "server",
    "notebook": "notebook",
    "deployment": "rocket",
    "integration": "plug-connected",
}
ACCESS = {
    Resource.Access.FULL: ("users", lazy("By role"), ""),
    Resource.Access.VIEW: ("lock", lazy("Locked"), "info"),
    Resource.Access.PRIVATE: ("eye-off", lazy("Private"), "mute"),
}


def icon_of(kind: str) -> str:
    return ICONS.get(kind.lower(), "stack-2")


def pill(access: str) -> dict[str, object]:
    icon, word, tone = ACCESS[Resource.Access(access)]
    return {"icon": icon, "word": word, "tone": tone}


def owner_name(resource: Resource) -> str:
    owner = resource.owner
    return (owner.directory.name or owner.address) if owner is not None else ""


def rows_of(view: OrganizationView, seen: Iterable[Seen], vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Resources as templates/resources/rows.html draws them."""
    return [
        {
            "name": each.name or _("Private %(kind)s") % {"kind": each.resource.kind},
            "hidden": not each.name,
            "kind": each.resource.kind,
            "icon": icon_of(each.resource.kind),
            "url": view.url("resource", each.resource.pk),
            "workspace": each.resource.workspace.name if each.resource.workspace is not None else "",
            "owner": owner_name(each.resource),
            "access": pill(each.resource.access),
            "product": each.resource.product.name,
            "open_url": each.resource.url if may_open(vocabulary, each) else "",
            "synced_at": each.resource.synced_at,
        }
        for each in seen
    ]


def say_owned(owned: Iterable[Owned], *, is_own: bool = False) -> list[str]:
    """What people leave behind: "They own project (5): Churn, Uplift, Report and 2 more". is_own: said to the person
    themself.
    """
    text = _("You own %(kind)s (%(count)s)") if is_own else _("They own %(kind)s (%(count)s)")
    sentences = []
    for each in owned:
        names, more = ", ".join(each.names), each.count - len(each.names)
        if names and more:
            names = _("%(names)s and %(count)s more") % {"names": names, "count": intcomma(more)}
        sentence = text % {"kind": each.kind, "count": intcomma(each.count)}
        sentences.append(f"{sentence}: {names}" if names else sentence)
    return sentences


def figure_rows(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Reported figures as templates/resources/figures.html draws them."""
    return [
        {
            "label": figure.label,
            "value": _said(figure),
            "unit": figure.unit,
            "product": figure.product.name,
            "at": figure.reported_at,
            "url": figure.url,
        }
        for figure in figures
    ]


def _said(figure: Figure) -> str:
    """The number; an entitlement without one is a feature that is included."""
    if figure.value is not None:
        return f"{figure.value.normalize():,f}"
    return _("included") if figure.kind == Figure.Kind.ENTITLEMENT else ""


class WorkspaceResources(WorkspaceView):
    """What host products keep in the workspace, as far as this person sees it."""

    def get(self, request: Request) -> HttpResponse:
        organization, workspace = self.place.organization, self.inside.workspace
        viewer = viewer_in(self.place.facts, self.inside.facts)
        vocabulary = vocabulary_of(organization)
        there = visible(alive(organization).filter(workspace=workspace), viewer)
        reported = list(reported_counts(workspace.pk).select_related("product"))
        kind, search = (plain_words(request.GET.get(name)) for name in ("kind", "q"))
        found = list(page_of(there, kind=kind, search=search, after=_cursor(request.GET.get("after", ""))))
        listed = there.filter(pk__in=[resource.pk for resource in found[:PAGE]]).order_by("kind", "name", "pk")
        drive = workspace.default_drive
        context = self.context(
            "workspace_resources",
            rows=rows_of(self, seen_by(organization, listed, viewer, vocabulary), vocabulary),
            counts=self._chips(counts_of(there, reported), kind),
            reported=figure_rows(reported),
            search=search,
            kind=kind,
            base_url=request.path,
            next_url=_next_url(request, found),
            first_url=request.path if request.GET.get("after") else "",
            drive=drive.name if drive is not None and drive.access != Resource.Access.PRIVATE else "",
            drive_url=self.here("workspace_drive") if self.decide(Verb.CHOOSE_DRIVE) else "",
            figures=figure_rows(figures_of(organization, Figure.Kind.USAGE, workspace.pk)),
            sees_figures=_sees_figures(self.place.facts.permissions, viewer),
        )
        return page(request, "resources/workspace.html", context)

    def _chips(self, counts: Sequence[KindCount], current: str) -> list[dict[str, Any]]:
        return [
            {
                "kind": each.kind,
                "icon": icon_of(each.kind),
                "count": intcomma(each.count),
                "url": with_query(self.request.path, self.request.GET, kind=each.kind, after=None),
                "current": each.kind == current,
            }
            for each in counts
        ]


def _sees_figures(permissions: frozenset[str], viewer: Viewer) -> bool:
    return "usage.view" in permissions or viewer.manages


def _next_url(request: Request, found: Sequence[Resource]) -> str:
    if len(found) <= PAGE:
        return ""
    last = found[PAGE - 1]
    return with_query(request.path, request.GET, after=f"{last.pk}~{last.kind}~{last.name}")


def _cursor(text: str) -> tuple[str, str, int] | None:
    """Kind, name and id of the last row of the page before; None for anything that is no cursor."""
    pk, _first, rest = text.replace("\x00", "").partition("~")
    kind, _second, name = rest.partition("~")
    last = plain_number(pk)
    return (kind, name, last) if last is not None else None


class OrganizationResources(OrganizationView):
    """What belongs to the organization as a whole, and what this person was asked in to: all that a guest sees."""

    def get(self, request: Request) -> HttpResponse:
        organization, facts = self.place.organization, self.place.facts
        viewer, vocabulary = viewer_in(facts, None), vocabulary_of(organization)
        own = visible(alive(organization).filter(workspace=None).order_by("kind", "name", "pk"), viewer)[:PAGE]
        shared = shared_with(organization, self.place.member.pk)[:PAGE]
        drive = organization.default_drive
        context = self.context(
            "organization_resources",
            rows=[] if facts.is_guest else rows_of(self, seen_by(organization, own, viewer, vocabulary), vocabulary),
            shared=rows_of(self, self._shared(shared, vocabulary), vocabulary),
            is_guest=facts.is_guest,
            drive=drive.name if drive is not None and not facts.is_guest else "",
            drive_url=self.url("organization_drive") if decide(facts, Verb.CHOOSE_DRIVE) else "",
            figures=figure_rows(figures_of(organization, Figure.Kind.USAGE)),
            entitlements=figure_rows(figures_of(organization, Figure.Kind.ENTITLEMENT)),
            sees_figures=_sees_figures(facts.permissions, viewer),
            products=self._products(vocabulary),
        )
        return page(request, "resources/organization.html", context)

    def _shared(self, resources: Any, vocabulary: Vocabulary) -> list[Seen]:
        """By their collaboration alone: what their roles add stands in the workspaces."""
        viewer = Viewer(self.place.facts, frozenset())
        return seen_by(self.place.organization, resources, viewer, vocabulary)

    def _products(self, vocabulary: Vocabulary) -> list[dict[str, Any]]:
        """Those that made themselves known; the way to one is for whoever holds a permission that it enforces."""
        held, manages = self.place.facts.permissions, bool(decide(self.place.facts, Verb.CHANGE_SETTINGS))
        known = [product for product in products().values() if product.url or product.reported_at]
        codes = {name: {each.code for each in enforced} for name, enforced in vocabulary.by_product.items()}
        return [
            {
                "name": product.name,
                "url": product.url if codes.get(product.name, set()) & held else "",
                "asked_at": product.asked_at,
                "reported_at": product.reported_at,
            }
            for product in known
            if manages or codes.get(product.name, set()) & held
        ]


class OrganizationDrive(OrganizationView):
    """The default drive: of the organization here, of a workspace in the class below."""

    page_name: ClassVar[str] = "organization_resources"

    def get(self, request: Request) -> HttpResponse:
        self.insist_on(Verb.CHOOSE_DRIVE)
        return self.draw(request, ChooseDrive(self.drives(), initial={"drive": self.chosen()}))

    def post(self, request: Request) -> HttpResponse:
        self.insist_on(Verb.CHOOSE_DRIVE)
        form = ChooseDrive(self.drives(), request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        actions.choose_drive(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            resource_id=form.cleaned_data["drive"],
            workspace_id=self.workspace_id(),
        )
        return go(request, self.back(), _("The default drive is set."))

    def workspace_id(self) -> int | None:
        return None

    def chosen(self) -> int | None:
        return self.place.organization.default_drive_id

    def back(self) -> str:
        return self.url("organization_resources")

    def drives(self) -> list[tuple[int, str]]:
        return drives_in(self.place.organization, self.workspace_id())

    def draw(self, request: Request, form: ChooseDrive, *, status: int = 200) -> HttpResponse:
        context = {"form": form, "action_url": request.path, "back_url": self.back(), "has_choice": bool(self.drives())}
        return self.region("resources/drive.html", context, self.page_name, partial="dialog", status=status)


class WorkspaceDrive(OrganizationDrive, WorkspaceView):
    page_name = "workspace_resources"

    def workspace_id(self) -> int | None:
        return self.inside.workspace.pk

    def chosen(self) -> int | None:
        return self.inside.workspace.default_drive_id

    def back(self) -> str:
        return self.here("workspace_resources")
