"""Settings > Domains: whose people may join by themselves, what that opens, and who came by it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, go, page
from config.refusals import Refusal
from invitations.actions import domains
from invitations.domains import Kind, domain_of
from invitations.forms.joining import AddDomain, JoinPlaces
from invitations.models import JoinDomain
from invitations.proofs import Answer, record_name, record_value
from invitations.queries.domains import (
    Trouble,
    domains_of,
    everyones,
    kind,
    newcomers,
    owners_address,
    uses_of,
)
from invitations.views.newcomers import who_came
from workspaces.catalogue import PERMISSIONS, BuiltIn, Scope, scheme_roles
from workspaces.policy import Verb
from workspaces.queries.effective.blast import high_risk_of
from workspaces.queries.facts import roles_of
from workspaces.views.base import OrganizationView
from workspaces.views.organizations import settings_tabs

MOST_ABILITIES = 6


class DomainsView(OrganizationView):
    verb = Verb.CHANGE_SETTINGS

    def found(self, domain_id: int) -> JoinDomain:
        """Raises Http404 for a domain of another organization as for an unknown one."""
        join = domains_of(self.place.organization).filter(pk=domain_id).first()
        if join is None:
            raise Http404
        return join

    def draw(self, request: Request, template: str, *, status: int = 200, **context: object) -> HttpResponse:
        tabs = settings_tabs(self, "domains")
        return page(request, template, self.context("settings", tabs=tabs, **context), status=status)


class Domains(DomainsView):
    """The owner's own domain, and those that DNS proves; or why the owner's cannot be joined by."""

    def get(self, request: Request) -> HttpResponse:
        return self.list(request, AddDomain())

    def post(self, request: Request) -> HttpResponse:
        form = AddDomain(request.POST)
        if not form.is_valid():
            return self.list(request, form, status=422)
        try:
            added = domains.add_domain(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                domain=form.cleaned_data["domain"],
            )
        except Refusal as refusal:
            form.add_error("domain", str(refusal.sentence))
            return self.list(request, form, status=refusal.status)
        said = _("%(domain)s is added. Put the record into its DNS next.") % {"domain": added.domain}
        return go(request, self.url("domain", added.pk), said)

    def list(self, request: Request, form: AddDomain, *, status: int = 200) -> HttpResponse:
        rows = list(domains_of(self.place.organization))
        return self.draw(
            request,
            "domains/page.html",
            form=form,
            action_url=request.path,
            owner=owner_card(self, rows),
            rows=[row_of(self, each) for each in rows],
            status=status,
        )


def owner_card(view: OrganizationView, rows: Iterable[JoinDomain]) -> dict[str, str]:
    """The option to open the owner's domain, or why there is none."""
    owner, address = owners_address(view.place.organization)
    name = owner.display_name if owner is not None else ""
    domain = domain_of(address)
    if not address:
        return {"name": name, "domain": "", "reason": _("The owner has no confirmed address."), "url": ""}
    found = kind(domain)
    if found is not Kind.ORDINARY:
        return {"name": name, "domain": domain, "reason": str(found.sentence) % {"domain": domain}, "url": ""}
    known = any(each.domain == domain and each.switched_on_at for each in rows)
    return {"name": name, "domain": domain, "reason": "", "url": "" if known else view.url("domain_owner")}


def row_of(view: OrganizationView, join: JoinDomain) -> dict[str, Any]:
    count = getattr(join, "joined_count", None) or 0
    return {
        "domain": join.domain,
        "url": view.url("domain", join.pk),
        "proof": join.get_proof_display(),
        "state": state_of(join),
        "places": [each.workspace.name for each in join.workspaces.all()],
        "joined": ngettext("%(count)s joined by it", "%(count)s joined by it", count) % {"count": intcomma(count)},
    }


def state_of(join: JoinDomain) -> dict[str, str]:
    if join.switched_on_at is None:
        waits = join.proof == JoinDomain.Proof.DNS and join.proven_at is None
        word = _("Waits for its record") if waits else _("Off")
        return {"word": word, "icon": "clock" if waits else "circle-dashed", "tone": "quiet", "sentence": ""}
    if join.paused_at is not None:
        known = join.pause_reason in Trouble
        sentence = str(Trouble(join.pause_reason).sentence) if known else ""
        return {"word": _("Paused"), "icon": "player-pause", "tone": "warn", "sentence": sentence}
    return {"word": _("On"), "icon": "circle-check", "tone": "ok", "sentence": ""}


class Domain(DomainsView):
    """One domain: its state, its record, what can be done, and who joined by it."""

    def get(self, request: Request, domain_id: int) -> HttpResponse:
        join = self.found(domain_id)
        return self.draw(
            request,
            "domains/domain.html",
            row=row_of(self, join),
            acts=self.acts(join),
            record={
                "name": record_name(join.domain),
                "value": record_value(join.organization_id, join.domain),
                "checked_at": join.checked_at,
                "proven_at": join.proven_at,
            }
            if join.proof == JoinDomain.Proof.DNS
            else None,
            **who_came(self, uses_of(join), request.path),
            back_url=self.url("domains"),
        )

    def acts(self, join: JoinDomain) -> dict[str, str]:
        """By name, the addresses of what makes sense in its state."""
        is_on, is_paused = join.switched_on_at is not None, join.paused_at is not None
        is_proven = join.proof == JoinDomain.Proof.OWNER or join.proven_at is not None
        fitting = {
            "on": is_proven and not is_paused,
            "check": join.proof == JoinDomain.Proof.DNS,
            "resume": is_on and is_paused,
            "pause": is_on and not is_paused,
            "off": is_on,
            "remove": not is_on,
        }
        return {name: self.url(f"domain_{name}", join.pk) for name, fits in fitting.items() if fits}


class SwitchOn(DomainsView):
    """What it opens, and for whom; then the switch."""

    def get(self, request: Request, domain_id: int | None = None) -> HttpResponse:
        domain, chosen = self.domain(domain_id)
        return self.ask(request, domain, JoinPlaces(self.place, initial={"workspaces": chosen}), domain_id)

    def post(self, request: Request, domain_id: int | None = None) -> HttpResponse:
        domain, _chosen = self.domain(domain_id)
        form = JoinPlaces(self.place, request.POST)
        if not form.is_valid():
            return self.ask(request, domain, form, domain_id, status=422)
        try:
            join = domains.switch_on(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                workspace_ids=form.cleaned_data["workspaces"],
                domain_id=domain_id,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal.sentence))
            return self.ask(request, domain, form, domain_id, status=refusal.status)
        said = _("People at %(domain)s may join by themselves now.") % {"domain": join.domain}
        return go(request, self.url("domain", join.pk), said)

    def domain(self, domain_id: int | None) -> tuple[str, list[int]]:
        """Its name, and the workspaces that it places people in so far."""
        if domain_id is not None:
            join = self.found(domain_id)
            return join.domain, [each.workspace_id for each in join.workspaces.all()]
        _owner, address = owners_address(self.place.organization)
        return domain_of(address), []

    def ask(
        self, request: Request, domain: str, form: JoinPlaces, domain_id: int | None, *, status: int = 200
    ) -> HttpResponse:
        organization = self.place.organization
        lowest = scheme_roles(organization.scheme)[0]
        known = newcomers(organization, domain) if domain else None
        member = roles_of(organization, Scope.ORGANIZATION)[BuiltIn.MEMBER].permissions
        viewer = roles_of(organization, Scope.WORKSPACE)[lowest.id].permissions
        return self.draw(
            request,
            "domains/on.html",
            domain=domain,
            form=form,
            action_url=request.path,
            back_url=self.url("domains") if domain_id is None else self.url("domain", domain_id),
            role=lowest.label,
            member_abilities=abilities(member),
            role_abilities=abilities(viewer),
            high_risk=high_risk_of(member | viewer),
            everyone=everyones(organization),
            known=known,
            status=status,
        )


def abilities(codes: Iterable[str]) -> list[str]:
    held = set(codes)
    return [str(each.ability) for code, each in PERMISSIONS.items() if code in held][:MOST_ABILITIES]


class DomainAct(DomainsView, ABC):
    """A button on the domain's page."""

    def post(self, request: Request, domain_id: int) -> HttpResponse:
        domain = self.found(domain_id).domain
        said = self.perform(
            {"actor": self.place.actor, "organization_id": self.place.organization.pk, "domain_id": domain_id}
        )
        return go(request, self.after(domain_id), said % {"domain": domain})

    @abstractmethod
    def perform(self, what: dict[str, Any]) -> str:
        """Does it, and says what it did to %(domain)s."""

    def after(self, domain_id: int) -> str:
        return self.url("domain", domain_id)


class Check(DomainAct):
    def perform(self, what: dict[str, Any]) -> str:
        return {
            Answer.FOUND: _("The record is there: %(domain)s is proven."),
            Answer.MISSING: _("The record is not there yet. DNS can take hours to show a change."),
            Answer.SILENT: _("No name server answered in time. Try again in a minute."),
        }[domains.look_at_domain(**what)]


class Pause(DomainAct):
    def perform(self, what: dict[str, Any]) -> str:
        domains.pause(**what)
        return _("Nobody joins by %(domain)s until somebody resumes it.")


class Resume(DomainAct):
    def perform(self, what: dict[str, Any]) -> str:
        domains.resume(**what)
        return _("People at %(domain)s may join by themselves again.")


class SwitchOff(DomainAct):
    def perform(self, what: dict[str, Any]) -> str:
        domains.switch_off(**what)
        return _("Nobody joins by %(domain)s any more. Whoever joined stays.")


class Remove(DomainAct):
    def perform(self, what: dict[str, Any]) -> str:
        domains.remove_domain(**what)
        return _("%(domain)s is removed from the list.")

    def after(self, domain_id: int) -> str:
        return self.url("domains")
