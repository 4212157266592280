"""Making, editing and deleting roles. Who gains and who loses what by it is shown before it is saved."""

from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, confirm_in_new_tab, go, page, plain_number
from config.refusals import Refusal
from workspaces.actions import roles
from workspaces.catalogue import Code, Scope, role_label
from workspaces.forms.roles import Replacement, RoleForm
from workspaces.models import Role
from workspaces.policy import Verb
from workspaces.queries.facts import every_code, roles_of
from workspaces.queries.role_effects import Effects, effects_in_organization, effects_in_workspaces
from workspaces.queries.role_matrix import areas_of, permissions_at
from workspaces.queries.roles import Use, held_at, roles_at, use_of
from workspaces.reasons import Reason
from workspaces.views.role_words import effects_words, line_words, role_words
from workspaces.views.roles import RolesView

type Codes = frozenset[str]


def digest(*sets: Codes) -> str:
    """Tells whether sets of permissions are the ones that somebody has looked at."""
    return sha256("|".join(",".join(sorted(each)) for each in sets).encode()).hexdigest()[:16]


class ManagingRoles(RolesView):
    """For whoever manages roles, within what they hold themselves."""

    verb = Verb.MANAGE_ROLES

    def held(self, scope: Scope) -> Codes:
        return held_at(self.place.facts.permissions, every_code(scope), scope)

    def effects(self, role: Role, after: Codes) -> Effects:
        organization = self.place.organization
        if role.scope == Scope.ORGANIZATION:
            return effects_in_organization(organization, role.pk, after)
        return effects_in_workspaces(organization, {role.pk: after})

    def said(self, refusal: Refusal) -> str:
        """Whoever has to confirm first does it in another tab, and loses nothing that was chosen here."""
        if refusal.code != Reason.CONFIRM:
            return str(refusal)
        text = _("Whoever holds this role administers people. That needs a fresh proof that it is you. {}, then go on.")
        return confirm_in_new_tab(text, after=self.url("roles"))


class RoleEditor(ManagingRoles, ABC):
    """The form of a role, made anew or edited: the choice is limited to what the editor holds at the scope."""

    @abstractmethod
    def words(self) -> dict[str, Any]:
        """title, submit, action_url, back_url and preview_url of the page."""

    def draw(
        self, request: Request, form: RoleForm, scope: Scope, *, refusal: str = "", status: int = 200, **more: Any
    ) -> HttpResponse:
        held, chosen = self.held(scope), form.chosen
        context = self.context(
            "roles",
            form=form,
            scope=scope,
            areas=_choices(scope, held, chosen),
            nothing_held=not held,
            refusal=refusal,
            roles_url=f"{self.url('roles')}?scope={scope}",
            **self.words(),
            **more,
        )
        return page(request, "roles/editor.html", context, partial="effects", status=status)

    def refused(self, form: RoleForm, refusal: Refusal) -> dict[str, Any]:
        """What `draw` says of a refusal: at the field where it belongs to one."""
        if refusal.code == "name_taken":
            form.add_error("name", str(refusal))
            return {"status": 422}
        status = 403 if refusal.code == Reason.CONFIRM else refusal.status
        return {"refusal": self.said(refusal), "status": status}


def _choices(scope: Scope, held: Codes, chosen: Codes) -> list[dict[str, Any]]:
    """Every permission of the scope by area, ticked or not; what the editor lacks cannot be ticked."""
    return [
        {
            "name": area.name,
            "chosen": len(chosen.intersection(area.codes)),
            "count": len(area.codes),
            "open": len(area.lines) <= 12 or bool(chosen.intersection(area.codes)),
            "lines": [
                {
                    **line_words(line),
                    "boxes": [
                        {
                            "code": permission.code,
                            "label": label if line.is_pair else line.label,
                            "checked": permission.code in chosen,
                            "held": permission.code in held,
                            "high_risk": permission.high_risk,
                        }
                        for permission, label in zip(line.permissions, (_("Read"), _("Write")), strict=False)
                    ],
                }
                for line in area.lines
            ],
        }
        for area in areas_of(scope)
    ]


class RoleNew(RoleEditor):
    """A role from scratch, or as a copy of another."""

    def words(self) -> dict[str, Any]:
        return {
            "title": _("Create a role"),
            "submit": _("Create role"),
            "action_url": self.request.path,
            "back_url": self.url("roles"),
        }

    def get(self, request: Request) -> HttpResponse:
        if "copy" in request.GET:
            return self.draw_copy(request, self.role(plain_number(request.GET["copy"])))
        scope = self.scope(request.GET.get("scope"))
        return self.draw(request, RoleForm(self.held(scope)), scope)

    def scope(self, text: str | None) -> Scope:
        return Scope.ORGANIZATION if text == Scope.ORGANIZATION else Scope.WORKSPACE

    def draw_copy(self, request: Request, role: Role) -> HttpResponse:
        scope = Scope(role.scope)
        codes, held = roles.permissions_of(role), self.held(scope)
        left_out = len(codes - held)
        note = ngettext(
            "%(count)s permission is left out, since you do not hold it.",
            "%(count)s permissions are left out, since you do not hold them.",
            left_out,
        ) % {"count": left_out}
        initial = {
            "name": _("Copy of %(name)s") % {"name": role.label},
            "audience": role_label(role.pk, role.audience),
            "permissions": codes & held,
        }
        return self.draw(request, RoleForm(held, initial=initial), scope, note=note if left_out else "")

    def post(self, request: Request) -> HttpResponse:
        scope = self.scope(request.POST.get("scope"))
        form = RoleForm(self.held(scope), request.POST)
        if not form.is_valid():
            return self.draw(request, form, scope, status=422)
        try:
            role = roles.create_role(
                actor=self.place.actor, organization_id=self.place.organization.pk, scope=scope, **form.cleaned_data
            )
        except Refusal as refusal:
            return self.draw(request, form, scope, **self.refused(form, refusal))
        return go(request, self.url_of(role), _("%(name)s is ready to be given.") % {"name": role.name})


class RoleEdit(RoleEditor):
    """Saved only when what it does was shown for exactly this choice."""

    edited: Role

    def words(self) -> dict[str, Any]:
        return {
            "title": _("Edit %(name)s") % {"name": self.edited.name},
            "submit": _("Save changes"),
            "action_url": self.url("role_edit", self.edited.pk),
            "preview_url": self.url("role_edit_preview", self.edited.pk),
            "back_url": self.url_of(self.edited),
            "role": role_words(self.edited, self.url_of(self.edited)),
        }

    def find(self, role_id: int) -> tuple[Scope, Codes]:
        """Raises Http404 or Refusal for a role that this person cannot edit."""
        self.edited = roles.custom_role(self.place.organization, role_id)
        roles.insist_may_touch(self.place.facts, self.edited)
        return Scope(self.edited.scope), roles.permissions_of(self.edited)

    def get(self, request: Request, role_id: int) -> HttpResponse:
        scope, before = self.find(role_id)
        initial = {"name": self.edited.name, "audience": self.edited.audience, "permissions": before}
        return self.draw(request, RoleForm(self.held(scope), initial=initial), scope, **self.preview(before, before))

    def post(self, request: Request, role_id: int) -> HttpResponse:
        scope, before = self.find(role_id)
        form = RoleForm(self.held(scope), request.POST)
        if not form.is_valid():
            return self.draw(request, form, scope, status=422, **self.preview(before, form.chosen & self.held(scope)))
        codes = frozenset(form.cleaned_data["permissions"])
        preview = self.preview(before, codes)
        if request.POST.get("seen") != preview["seen"]:
            words = _("Look at what this does, then save.")
            return self.draw(request, form, scope, refusal=words, status=409, **preview)
        try:
            roles.edit_role(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                role_id=role_id,
                known=before,
                **form.cleaned_data,
            )
        except Refusal as refusal:
            return self.draw(request, form, scope, **preview, **self.refused(form, refusal))
        return go(request, self.url_of(self.edited), _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})

    def preview(self, before: Codes, after: Codes) -> dict[str, Any]:
        """Who gains and loses what, why it could not be saved, and the mark by which saving knows that it was seen."""
        effects = self.effects(self.edited, after) if after != before else Effects()
        objection = ""
        if after and after != before:
            try:
                roles.insist_may_edit(self.place.facts, self.place.organization, self.edited, after)
            except Refusal as refusal:
                objection = self.said(refusal)
        return {
            "effects": effects_words(effects, permissions_at(Scope(self.edited.scope))),
            "objection": objection,
            "changed": before != after,
            "unopened": self.edited.scope == Scope.WORKSPACE and Code.WORKSPACE_VIEW not in after,
            "seen": digest(before, after),
        }


class RoleEditPreview(RoleEdit):
    """What the present choice would do; nothing is saved."""

    def post(self, request: Request, role_id: int) -> HttpResponse:
        scope, before = self.find(role_id)
        form = RoleForm(self.held(scope), request.POST)
        return self.draw(request, form, scope, **self.preview(before, form.chosen & self.held(scope)))


class RoleDelete(ManagingRoles):
    """Deletes a role; one that is in use together with the choice of another in its place."""

    def get(self, request: Request, role_id: int) -> HttpResponse:
        role = self.find(role_id)
        given = request.GET if request.GET.get("replacement") else None
        return self.ask(request, role, Replacement(self.choices(role), given))

    def find(self, role_id: int) -> Role:
        role = roles.custom_role(self.place.organization, role_id)
        roles.insist_may_touch(self.place.facts, role)
        return role

    def choices(self, role: Role) -> list[tuple[int, str]]:
        """Roles of the same scope within what this person holds."""
        scope = Scope(role.scope)
        facts, held = roles_of(self.place.organization, scope), self.held(scope)
        others = [each for each in roles_at(self.place.organization, scope) if each != role]
        return [(each.pk, each.name) for each in others if facts[each.pk].permissions <= held]

    def post(self, request: Request, role_id: int) -> HttpResponse:
        role = self.find(role_id)
        replacement_id = None
        if use_of(self.place.organization, role).is_any:
            form = Replacement(self.choices(role), request.POST)
            if not form.is_valid():
                return self.ask(request, role, form, status=422)
            replacement_id = form.cleaned_data["replacement"]
            if request.POST.get("seen") != str(replacement_id):
                return self.ask(request, role, form, note=_("Look at what this does, then go on."), status=409)
        roles.delete_role(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            role_id=role.pk,
            replacement_id=replacement_id,
        )
        said = _("%(name)s is deleted.") % {"name": role.name}
        return go(request, f"{self.url('roles')}?scope={role.scope}", said)

    def ask(
        self, request: Request, role: Role, form: Replacement, *, note: str = "", status: int = 200
    ) -> HttpResponse:
        use = use_of(self.place.organization, role)
        chosen = form.cleaned_data["replacement"] if form.is_bound and form.is_valid() else None
        context = {
            "role": role_words(role),
            "points": use_words(use),
            "form": form if use.is_any else None,
            "note": note,
            "action_url": request.path,
            "back_url": self.url_of(role),
            **(self.replaced(role, chosen) if chosen else {}),
        }
        return self.region("roles/delete.html", context, "roles", partial="dialog", status=status)

    def replaced(self, role: Role, chosen: int) -> dict[str, Any]:
        """What the other role in its place does, and why it could not take it."""
        replacement = self.role(chosen)
        if replacement.scope != role.scope:
            raise Http404
        objection = ""
        try:
            roles.insist_may_replace(self.place.facts, self.place.organization, role, replacement)
        except Refusal as refusal:
            objection = self.said(refusal)
        effects = self.effects(role, roles.permissions_of(replacement))
        known = permissions_at(Scope(role.scope))
        return {"effects": effects_words(effects, known), "objection": objection, "changed": True, "seen": chosen}


def use_words(use: Use) -> list[str]:
    """What speaks of the role."""
    counted = (
        (use.people, ngettext("%(count)s person has it", "%(count)s people have it", use.people)),
        (
            use.waiting,
            ngettext("%(count)s open invitation gives it", "%(count)s open invitations give it", use.waiting),
        ),
        (use.groups, ngettext("%(count)s group has it", "%(count)s groups have it", use.groups)),
        (
            use.everyone,
            ngettext("Everyone has it in %(count)s workspace", "Everyone has it in %(count)s workspaces", use.everyone),
        ),
        (
            use.requests,
            ngettext("%(count)s open request asks for it", "%(count)s open requests ask for it", use.requests),
        ),
    )
    return [words % {"count": intcomma(count)} for count, words in counted if count]
