"""One resource: what it is, who may reach it and why, and the acts that change that."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from config.http import Request, go, page
from workspaces.access import member_of
from workspaces.actions import resources as actions
from workspaces.actions.locking import insist
from workspaces.catalogue import BuiltIn
from workspaces.forms.resources import ACCESS_HELP, AccessOfResource, HeirForm, People, ShareResource
from workspaces.models import Collaborator, Resource
from workspaces.policy import Decision, Verb, decide
from workspaces.policy.resources import Why
from workspaces.queries.resources import Approach, Seen, approach, collaborators_of, may_open, suggestions
from workspaces.views.base import OrganizationView
from workspaces.views.member import person
from workspaces.views.resources import icon_of, owner_name, pill

Access = Resource.Access
WHY = {
    Why.OWNER: lazy("You own it."),
    Why.COLLABORATOR: lazy("You were asked in to it."),
    Why.ADMIN: lazy("You are an admin of its workspace: a lock does not bind you."),
    Why.ROLE: lazy("By your role."),
    Why.LOCKED: lazy("It is locked: by your role you can view it, and change nothing."),
    Why.PRIVATE: lazy("It is private. You see its kind and whose it is, and can make somebody else its owner."),
    Why.NOTHING: lazy("You cannot reach it. You can make somebody else its owner."),
}


class ResourceView(OrganizationView):
    """A page about one resource, for whoever may see that there is one."""

    found: Approach

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._resource_id: int = kwargs.pop("resource_id")
        return super().dispatch(request, *args, **kwargs)

    def insist_on_entry(self) -> None:
        found = approach(self.place.organization, self.place.facts, self._resource_id)
        if found is None:
            raise Http404
        self.found = found

    @property
    def name(self) -> str:
        """What the person may call it."""
        resource = self.found.resource
        return resource.name if self.found.on.reaches else _("Private %(kind)s") % {"kind": resource.kind}

    @property
    def ids(self) -> dict[str, Any]:
        """What every act is told."""
        return {
            "actor": self.place.actor,
            "organization_id": self.place.organization.pk,
            "resource_id": self.found.resource.pk,
        }

    def back(self) -> str:
        return self.url("resource", self.found.resource.pk)

    def home(self) -> str:
        """The list that it stands in for this person."""
        workspace = self.found.resource.workspace
        if workspace is None or not decide(self.place.facts, Verb.VIEW_WORKSPACE, workspace=self.found.held):
            return self.url("organization_resources")
        return self.url("workspace_resources", workspace.slug)

    def after(self, request: Request, text: str) -> HttpResponse:
        """Back to the resource; to its list for whoever does not see it any more."""
        still = approach(self.place.organization, self.place.facts, self.found.resource.pk)
        return go(request, self.back() if still is not None else self.home(), text)

    def dialog(self, request: Request, template: str, *, status: int = 200, **more: object) -> HttpResponse:
        context = {"resource": {"name": self.name}, "action_url": request.path, "back_url": self.back(), **more}
        return self.region(template, context, "", partial="dialog", status=status)

    def people(self) -> People:
        """Suggestions for an address, for whoever may see the list of members."""
        if not decide(self.place.facts, Verb.VIEW_MEMBERS, organization=self.place.policies):
            return []
        return suggestions(self.place.organization)


class ResourcePage(ResourceView):
    def get(self, request: Request) -> HttpResponse:
        found, resource, facts = self.found, self.found.resource, self.place.facts
        seen = Seen(resource, self.name, found.on)
        workspace = resource.workspace
        shows_people = found.on.reaches
        context = self.context(
            f"workspace {workspace.pk}" if workspace is not None else "organization_resources",
            resource={
                "name": self.name,
                "kind": resource.kind,
                "icon": icon_of(resource.kind),
                "product": resource.product.name,
                "external_id": resource.external_id if found.on.reaches else "",
                "workspace": workspace.name if workspace is not None else "",
                "owner": owner_name(resource),
                "access": pill(resource.access),
                "access_help": ACCESS_HELP[Access(resource.access)],
                "synced_at": resource.synced_at,
                "open_url": resource.url if may_open(found.vocabulary, seen) else "",
            },
            home_url=self.home(),
            home_label=workspace.name if workspace is not None else _("Resources"),
            why=WHY[found.on.why],
            abilities=self._abilities(),
            note=self._note(),
            people=[self._collaborator(row) for row in collaborators_of(resource)] if shows_people else [],
            shows_people=shows_people,
            acts=self._acts(),
            lock=self._lock(),
            share_url=self.url("resource_share", resource.pk) if found.may_share(facts, "view") else "",
        )
        return page(request, "resources/resource.html", context)

    def _abilities(self) -> list[tuple[str, str]]:
        """What they can do there, each with what is worth knowing of it."""
        resource = self.found.resource
        enforced = self.found.vocabulary.enforced(resource.product.name, in_workspace=resource.workspace_id is not None)
        mine = [each for each in enforced if each.code in self.found.on.permissions]
        return [(str(each.ability), str(each.explanation)) for each in mine]

    def _note(self) -> str:
        """What privacy does not change."""
        private = self.found.resource.access == Access.PRIVATE and self.found.on.reaches
        text = _("It keeps drawing on what the workspace shares, such as integrations and machine hours.")
        return text if private else ""

    def _collaborator(self, row: Collaborator) -> dict[str, Any]:
        is_self = row.member_id == self.place.member.pk
        may = is_self or bool(self.found.may_unshare(self.place.facts, row.level))
        return {
            **person(row.member),
            "level": row.get_level_display(),
            "role": row.member.role.label if row.member.role_id == BuiltIn.GUEST else "",
            "remove_url": self.url("resource_unshare", row.resource_id, row.member_id) if may else "",
        }

    def _acts(self) -> list[dict[str, Any]]:
        facts, pk = self.place.facts, self.found.resource.pk
        changes = any(self.found.may_set(facts, access) for access in Access.values)
        wanted = [
            (_("Change access"), "adjustments-horizontal", "resource_access", changes),
            (_("Transfer"), "transfer", "resource_transfer", bool(self.found.may_transfer(facts))),
        ]
        return [{"label": label, "icon": icon, "url": self.url(name, pk)} for label, icon, name, may in wanted if may]

    def _lock(self) -> dict[str, Any] | None:
        """The lock in one step, where it is not private and they may."""
        access = Access(self.found.resource.access)
        if access == Access.PRIVATE:
            return None
        other = Access.FULL if access == Access.VIEW else Access.VIEW
        if not self.found.may_set(self.place.facts, other):
            return None
        return {
            "url": self.url("resource_access", self.found.resource.pk),
            "value": other.value,
            "label": _("Unlock") if access == Access.VIEW else _("Lock"),
            "icon": "lock-open" if access == Access.VIEW else "lock",
        }


class ResourceAccess(ResourceView):
    """By role, locked, or private."""

    def get(self, request: Request) -> HttpResponse:
        self._insist()
        return self.draw(request, AccessOfResource(self.choices(), initial={"access": self.found.resource.access}))

    def post(self, request: Request) -> HttpResponse:
        self._insist()
        form = AccessOfResource(Access.choices, request.POST)
        if not form.is_valid():
            return self.draw(request, AccessOfResource(self.choices(), request.POST), status=422)
        access = Access(form.cleaned_data["access"])
        actions.change_access(**self.ids, access=access)
        return self.after(request, SAID[access] % {"name": self.name})

    def choices(self) -> list[tuple[str, object]]:
        """Those that they may choose, and the present one."""
        present = self.found.resource.access
        return [
            (value, label)
            for value, label in Access.choices
            if value == present or self.found.may_set(self.place.facts, value)
        ]

    def _insist(self) -> None:
        decisions: list[Decision] = [self.found.may_set(self.place.facts, access) for access in Access.values]
        if not any(decisions):
            insist(decisions[0])

    def draw(self, request: Request, form: AccessOfResource, *, status: int = 200) -> HttpResponse:
        options = [
            {"tag": radio.tag(), "label": radio.choice_label, "help": ACCESS_HELP[Access(radio.data["value"])]}
            for radio in form["access"]
        ]
        return self.dialog(request, "resources/access.html", form=form, options=options, status=status)


SAID = {
    Access.FULL: lazy("%(name)s is open by workspace role."),
    Access.VIEW: lazy("%(name)s is locked: members can view it."),
    Access.PRIVATE: lazy("%(name)s is private."),
}


class ShareWith(ResourceView):
    """Asks somebody in to this one resource; an unknown address becomes a guest by invitation."""

    def get(self, request: Request) -> HttpResponse:
        insist(self.found.may_share(self.place.facts, "view"))
        return self.draw(request, ShareResource())

    def post(self, request: Request) -> HttpResponse:
        insist(self.found.may_share(self.place.facts, "view"))
        form = ShareResource(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        address, level = form.cleaned_data["address"], form.cleaned_data["level"]
        shared = actions.share(**self.ids, address=address, level=level)
        text = _("%(address)s is invited as a guest.") if shared.invited else _("%(address)s is a collaborator now.")
        return self.after(request, text % {"address": address})

    def draw(self, request: Request, form: ShareResource, *, status: int = 200) -> HttpResponse:
        return self.dialog(request, "resources/share.html", form=form, people=self.people(), status=status)


class Unshare(ResourceView):
    def get(self, request: Request, member_id: int) -> HttpResponse:
        member, row = member_of(self.place, member_id), self._row(member_id)
        is_self = member.pk == self.place.member.pk
        if not is_self:
            insist(self.found.may_unshare(self.place.facts, row.level))
        return self.dialog(request, "resources/unshare.html", person=person(member), is_self=is_self)

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        actions.unshare(**self.ids, member_id=member.pk)
        words = {"name": person(member)["name"], "resource": self.name}
        return self.after(request, _("%(name)s is no collaborator of %(resource)s any more.") % words)

    def _row(self, member_id: int) -> Collaborator:
        row = collaborators_of(self.found.resource).filter(member=member_id).first()
        if row is None:
            raise Http404
        return row


class Transfer(ResourceView):
    """Another owner; for what is private to somebody else, anybody but oneself."""

    def get(self, request: Request) -> HttpResponse:
        insist(self.found.may_transfer(self.place.facts))
        return self.draw(request, HeirForm(self.place.organization))

    def post(self, request: Request) -> HttpResponse:
        insist(self.found.may_transfer(self.place.facts))
        form = HeirForm(self.place.organization, request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        heir = member_of(self.place, form.cleaned_data["heir"])
        actions.transfer(**self.ids, owner_id=heir.pk)
        words = {"name": person(heir)["name"], "resource": self.name}
        return self.after(request, _("%(name)s owns %(resource)s now.") % words)

    def draw(self, request: Request, form: HeirForm, *, status: int = 200) -> HttpResponse:
        owner = owner_name(self.found.resource)
        return self.dialog(
            request, "resources/transfer.html", form=form, people=self.people(), owner=owner, status=status
        )
