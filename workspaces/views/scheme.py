"""The role scheme of the organization, and its change: what becomes of each role is chosen, shown, and then done."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, go, page
from config.refusals import Refusal
from workspaces.actions import scheme
from workspaces.actions.scheme import Mapped, proposed_mapping, roles_after
from workspaces.catalogue import Scheme, Scope, scheme_roles
from workspaces.forms.roles import SchemeMapping
from workspaces.policy import Verb
from workspaces.queries.role_effects import effects_in_workspaces
from workspaces.queries.role_matrix import permissions_at
from workspaces.queries.roles import Use, role_uses
from workspaces.views.base import OrganizationView
from workspaces.views.organizations import settings_tabs
from workspaces.views.role_words import effects_words

WAYS = ("people", "everyone", "waiting")
LARGE = 20_000
"""With more grants to people than this, counting who gains and loses takes up to seconds: the page does not wait for
it."""


class SchemePage(OrganizationView):
    """The schemes to choose from, and once one is chosen, what becomes of each role."""

    verb = Verb.CHANGE_SCHEME
    is_large = False

    def get(self, request: Request) -> HttpResponse:
        to = self.wanted(request.GET.get("to"))
        if not to:
            return self.draw(request, "")
        rows = self.rows(to)
        form = SchemeMapping(rows, _choices(to), {name: proposed for name, _label, proposed in rows})
        return self.draw(request, to, form, later=self.is_large)

    def post(self, request: Request) -> HttpResponse:
        to = self.wanted(request.POST.get("to"))
        if not to:
            return self.draw(request, "", refusal=_("Choose another scheme than the present one."), status=422)
        form = SchemeMapping(self.rows(to), _choices(to), request.POST)
        if not form.is_valid():
            return self.draw(request, to, form, status=422)
        if request.POST.get("seen") != _mark(self.place.organization.scheme, form):
            return self.draw(request, to, form, refusal=_("Look at what this does, then go on."), status=409)
        try:
            changed = scheme.change_scheme(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                known=self.place.organization.scheme,
                scheme=to,
                mapped=_mapped(form),
            )
        except Refusal as refusal:
            return self.draw(request, to, form, refusal=str(refusal), status=refusal.status)
        said = ngettext(
            "The scheme is changed, and %(count)s grant with it.",
            "The scheme is changed, and %(count)s grants with it.",
            changed,
        )
        return go(request, self.url("roles"), said % {"count": intcomma(changed)})

    def wanted(self, text: str | None) -> str:
        """Another scheme than the present one, or nothing."""
        return text if text in Scheme.values and text != self.place.organization.scheme else ""

    def rows(self, to: str) -> list[tuple[str, str, int]]:
        """A field for each way in which a role of the present scheme is held: name, label, what is proposed."""
        before = self.place.organization.scheme
        proposed = proposed_mapping(before, to)
        uses = role_uses(self.place.organization, proposed)
        self.is_large = sum(use.people for use in uses.values()) > LARGE
        rows = []
        for role in scheme_roles(before):
            use = uses[role.id]
            rows.append((f"people_{role.id}", _people_label(role.label, use), proposed[role.id]))
            if use.everyone:
                rows.append((f"everyone_{role.id}", _everyone_label(role.label, use), proposed[role.id]))
            if use.waiting:
                rows.append((f"waiting_{role.id}", _waiting_label(role.label, use), proposed[role.id]))
        return rows

    def draw(
        self,
        request: Request,
        to: str,
        form: SchemeMapping | None = None,
        *,
        refusal: str = "",
        status: int = 200,
        later: bool = False,
    ) -> HttpResponse:
        """later: the browser asks for what this does once it shows the page."""
        present = self.place.organization.scheme
        context = self.context(
            "settings",
            tabs=settings_tabs(self, "scheme"),
            schemes=[
                {
                    "name": label.split(":")[0],
                    "roles": [(role.label, _(role.audience)) for role in scheme_roles(value)],
                    "present": value == present,
                    "chosen": value == to,
                    "url": f"{request.path.removesuffix('preview/')}?to={value}",
                }
                for value, label in Scheme.choices
            ],
            to=to,
            to_name=Scheme(to).label.split(":")[0] if to else "",
            form=form,
            refusal=refusal,
            action_url=self.url("scheme"),
            preview_url=self.url("scheme_preview"),
            back_url=self.url("scheme"),
            later=later,
            **(self.preview(to, form) if form is not None and form.is_valid() and not later else {}),
        )
        return page(request, "roles/scheme.html", context, partial="effects", status=status)

    def preview(self, to: str, form: SchemeMapping) -> dict[str, Any]:
        """Who gains and loses what by the mapping, and why it could not be done."""
        organization, mapped = self.place.organization, _mapped(form)
        then = roles_after(organization, to)
        people, everyone, _waiting = mapped.ways()
        effects = effects_in_workspaces(
            organization,
            {old: then[new].permissions for old, new in people.items()},
            {old: then[new].permissions for old, new in everyone.items()},
        )
        objection = ""
        try:
            scheme.insist_may_change(self.place.facts, organization, to, mapped)
        except Refusal as refusal:
            objection = str(refusal)
        return {
            "effects": effects_words(effects, permissions_at(Scope.WORKSPACE)),
            "objection": objection,
            "changed": True,
            "seen": _mark(organization.scheme, form),
        }


class SchemePreview(SchemePage):
    """What the present choice would do; nothing is changed."""

    def post(self, request: Request) -> HttpResponse:
        to = self.wanted(request.POST.get("to"))
        form = SchemeMapping(self.rows(to), _choices(to), request.POST) if to else None
        return self.draw(request, to, form, status=200 if form is None or form.is_valid() else 422)


def _choices(to: str) -> list[tuple[int, str]]:
    return [(role.id.value, role.label) for role in scheme_roles(to)]


def _mapped(form: SchemeMapping) -> Mapped:
    ways: dict[str, dict[int, int]] = {way: {} for way in WAYS}
    for name, new in form.cleaned_data.items():
        way, old = name.split("_")
        ways[way][int(old)] = new
    return Mapped(**ways)


def _mark(present: str, form: SchemeMapping) -> str:
    """Tells whether a mapping is the one that somebody has looked at."""
    return ",".join([present, *(f"{name}:{new}" for name, new in sorted(form.cleaned_data.items()))])


def _people_label(name: str, use: Use) -> str:
    if not use.people and not use.groups:
        return _("%(role)s: given to nobody by name") % {"role": name}
    words = {"role": name, "people": intcomma(use.people), "groups": intcomma(use.groups)}
    return _("%(role)s: %(people)s grants to people, %(groups)s to groups") % words


def _everyone_label(name: str, use: Use) -> str:
    words = ngettext(
        "Everyone, who is %(role)s in %(count)s workspace",
        "Everyone, who is %(role)s in %(count)s workspaces",
        use.everyone,
    )
    return words % {"role": name, "count": use.everyone}


def _waiting_label(name: str, use: Use) -> str:
    words = ngettext(
        "%(count)s open invitation that gives %(role)s", "%(count)s open invitations that give %(role)s", use.waiting
    )
    return words % {"role": name, "count": intcomma(use.waiting)}
