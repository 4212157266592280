"""One person in a workspace: every way by which they are in it, and the acts on it. Each act says what remains."""

from collections.abc import Iterable

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, done
from workspaces.access import member_of
from workspaces.actions import grants
from workspaces.actions.grants.leaving import GroupPath
from workspaces.forms.grants import HandOver, RoleHere
from workspaces.models import Member
from workspaces.people_table import deciding_path, shown_words, through_words
from workspaces.policy import Verb
from workspaces.queries.effective import Kind, Path, held_by, paths_in
from workspaces.queries.grants import acts_on_person, is_only_admin, lost_elsewhere
from workspaces.queries.members import found_member
from workspaces.queries.resources import owned_by
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.waiting import waiting_with
from workspaces.queries.workspaces import suggested_admins
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.tables import reminder_words
from workspaces.views.history import history_lines
from workspaces.views.member import person
from workspaces.views.workspace_people import PeopleView


class PersonView(PeopleView):
    """About one member, whose id stands in the address."""

    member: Member
    roles: Roles
    paths: list[Path]

    def insist_on_entry(self) -> None:
        super().insist_on_entry()
        self.member = member_of(self.place, self.kwargs["member_id"])
        self.roles = all_roles(self.place.organization)
        self.paths = self.ways()
        # Who is not in the workspace is nobody's to look at here, but for whoever could add them.
        if not self.paths and not self.decide(Verb.ADD_TO_WORKSPACE):
            raise Http404

    def ways(self) -> list[Path]:
        return paths_in(self.place.organization, self.inside.workspace.pk, [self.member.pk])[self.member.pk]

    @property
    def own(self) -> list[Path]:
        """Their own grants, the one that gives most first."""
        direct = [path for path in self.paths if path.kind is Kind.DIRECT]
        return sorted(direct, key=lambda path: -self.roles.ranks.get(path.role_id, 0))

    @property
    def name(self) -> str:
        return str(person(self.member)["name"])

    def draw(self, request: Request, template: str, *, status: int = 200, **more: object) -> HttpResponse:
        context = {
            "person": person(self.member),
            "workspace_name": self.inside.workspace.name,
            "action_url": request.path,
            "back_url": self.here("workspace_members"),
            **more,
        }
        return self.region(template, context, "workspace_members", partial="dialog", status=status)

    def done(self, request: Request, text: str) -> HttpResponse:
        return done(request, text, to=self.here("workspace_members"))

    def what_remains(self, gone: Iterable[Path] = ()) -> str:
        """ "Mia keeps Editor through Data team." """
        ended = {path.grant_id for path in gone}
        return remaining_words(self.name, self.roles, [path for path in self.paths if path.grant_id not in ended])


def remaining_words(name: str, roles: Roles, paths: list[Path]) -> str:
    deciding = deciding_path(roles, paths)
    if deciding is None:
        return _("%(name)s then has no access here.") % {"name": name}
    shown = shown_words(roles.shown(held_by(roles, paths)))
    return _("%(name)s keeps %(role)s %(through)s.") % {
        "name": name,
        "role": shown,
        "through": through_words(deciding),
    }


class PersonHere(PersonView):
    """All ways of one person, with what can be done about each."""

    def get(self, request: Request, member_id: int) -> HttpResponse:
        presenter = self.presenter(self.roles, {self.member.pk: self.paths})
        held = held_by(self.roles, self.paths)
        rights = presenter.rights_over(found_member(self.member), self.paths, held)
        sources = [
            {"source": source, "urls": self._urls(source.grant_id)}
            for source in presenter.sources(self.paths, deciding_path(self.roles, self.paths))
        ]
        return self.draw(
            request,
            "grants/person.html",
            role=shown_words(self.roles.shown(held)),
            sources=sources,
            acts=self._acts(rights.change, rights.remove),
            page_url=self.url("member", self.member.pk),
        )

    def _urls(self, grant_id: int | None) -> dict[str, str]:
        if grant_id is None or not self.decide(Verb.CHANGE_GRANT):
            return {}
        return {"edit": self.here("grant_edit", grant_id), "remove": self.here("grant_remove", grant_id)}

    def _acts(self, change: str, remove: str) -> list[dict[str, str]]:
        """The acts on the person here, each with its address or the reason why not."""
        history = "" if self.decide(Verb.VIEW_WORKSPACE_HISTORY) else str(Reason.NO_RIGHT.sentence)
        acts = [
            (_("Edit role"), "key", "workspace_member_role", change),
            (_("Update permissions"), "pencil", "workspace_member_permissions", change),
            (_("Revoke access"), "user-minus", "workspace_member_revoke", remove),
            (_("Remove all access here"), "trash", "workspace_member_remove", remove),
            (_("Review access history"), "history", "workspace_member_history", history),
        ]
        if self.member.joined_at is None:
            may = self.decide(Verb.INVITE)
            reason = str(may.reason.sentence) if may.reason else ""
            acts.insert(3, (_("Resend invitation"), "bell", "workspace_member_resend", reason))
        return [
            {"label": label, "icon": icon, "url": self.here(name, self.member.pk), "refusal": reason}
            for label, icon, name, reason in acts
        ]


class PersonRole(PersonView):
    """The role dropdown: it changes the one direct grant, or gives one, and says what remains beside it."""

    workspace_verb = Verb.CHANGE_GRANT

    def get(self, request: Request, member_id: int) -> HttpResponse:
        initial = {"role": self.own[0].role_id} if self.own else {}
        return self.ask(request, RoleHere(self.giveable(self.roles), initial=initial))

    def ask(self, request: Request, form: RoleHere, *, status: int = 200) -> HttpResponse:
        revoke_url = self.here("workspace_member_revoke", self.member.pk) if self.own else ""
        return self.draw(request, "grants/role.html", status=status, name=self.name, form=form, revoke_url=revoke_url)

    def post(self, request: Request, member_id: int) -> HttpResponse:
        form = RoleHere(self.giveable(self.roles), request.POST)
        if not form.is_valid():
            return self.ask(request, form, status=422)
        role_id = form.cleaned_data["role"]
        if self.own:
            ids = [path.grant_id for path in self.own[:1] if path.grant_id is not None]
            grants.change_grants(**self.about(), grant_ids=ids, role_id=role_id).insist()
        else:
            chosen = Chosen.one(self.member.pk)
            grants.give_role(**self.about(), role_id=role_id, chosen=chosen).insist()
        return self.done(request, self.said(self.roles.names[role_id]))

    def said(self, role: str) -> str:
        self.paths = self.ways()
        shown = shown_words(self.roles.shown(held_by(self.roles, self.paths)))
        deciding = deciding_path(self.roles, self.paths)
        if deciding is None or shown == role:
            return _("%(name)s is now %(role)s.") % {"name": self.name, "role": role}
        words = {"name": self.name, "role": role, "shown": shown, "through": through_words(deciding)}
        return _("%(name)s has %(role)s directly, and %(shown)s %(through)s.") % words


class PersonPermissions(PersonView):
    """To the one direct grant; with several or none, to all ways, to choose from."""

    workspace_verb = Verb.CHANGE_GRANT

    def get(self, request: Request, member_id: int) -> HttpResponse:
        ids = [path.grant_id for path in self.own]
        if len(ids) == 1:
            return HttpResponseRedirect(self.here("grant_edit", ids[0]))
        return HttpResponseRedirect(self.here("workspace_member", self.member.pk))


class PersonRevoke(PersonView):
    """*Remove access*: ends the one direct grant, and says what remains."""

    workspace_verb = Verb.REMOVE_GRANT

    def get(self, request: Request, member_id: int) -> HttpResponse:
        if not self.own:
            points = [self.what_remains()] if self.paths else []
            return self.ask(request, refusal=str(Reason.NOT_DIRECT.sentence), points=points)
        plan = grants.plan_removal(self.setting(), self.ids())
        refusal = next((str(reason.sentence) for reason in plan.refused), "")
        role = self.roles.names.get(self.own[0].role_id, "")
        ends = _("Their role %(role)s that they hold directly ends at once.") % {"role": role}
        return self.ask(request, refusal=refusal, points=[ends, self.what_remains(self.own[:1])])

    def post(self, request: Request, member_id: int) -> HttpResponse:
        if not self.own:
            raise Reason.NOT_DIRECT.refusal()
        grants.remove_grants(**self.about(), grant_ids=self.ids()).insist()
        return self.done(request, self.what_remains(self.own[:1]))

    def ids(self) -> list[int]:
        return [path.grant_id for path in self.own[:1] if path.grant_id is not None]

    def ask(self, request: Request, *, refusal: str, points: list[str]) -> HttpResponse:
        title = _("Remove the access of %(name)s to %(workspace)s?")
        words = {"name": self.name, "workspace": self.inside.workspace.name}
        return self.draw(
            request, "grants/act.html", title=title % words, submit=_("Remove access"), refusal=refusal, points=points
        )


class PersonRemove(PersonRevoke):
    """*Remove all access here*: every direct grant, and the groups that bring it; with the hand-over if needed."""

    def get(self, request: Request, member_id: int) -> HttpResponse:
        form = HandOver(self.place.organization) if self.needs_heir() else None
        return self.consider(request, form)

    def post(self, request: Request, member_id: int) -> HttpResponse:
        form = HandOver(self.place.organization, request.POST) if self.needs_heir() else None
        if form is not None and not form.is_valid():
            return self.consider(request, form, status=422)
        heir = form.cleaned_data["heir"].pk if form is not None else None
        grants.remove_all_access(**self.about(), member_id=self.member.pk, heir_id=heir)
        self.paths = self.ways()
        return self.done(request, self.what_remains())

    def needs_heir(self) -> bool:
        return is_only_admin(self.place.organization, self.inside.workspace, self.member.pk)

    def consider(self, request: Request, form: HandOver | None, *, status: int = 200) -> HttpResponse:
        leaving = list(
            grants.leavable_groups(self.place.facts, self.place.organization, self.inside.workspace.pk, self.member.pk)
        )
        title = _("Remove all access of %(name)s to %(workspace)s?")
        return self.draw(
            request,
            "grants/act.html",
            status=status,
            title=title % {"name": self.name, "workspace": self.inside.workspace.name},
            submit=_("Hand over and remove") if form else _("Remove all access here"),
            refusal=self.refusal(leaving, form is not None),
            points=self.points(leaving),
            form=form,
            people=suggested_admins(self.place.organization) if form else [],
            form_note=_("%(name)s is the last admin here. Hand over in the same step.") % {"name": self.name},
        )

    def refusal(self, leaving: list[GroupPath], has_heir: bool) -> str:
        """Why nothing can be done, if nothing can."""
        if any(path.kind is Kind.ORGANIZATION for path in self.paths):
            return _("Their access is inherited from the organization role, and removed only there.")
        ids = [path.grant_id for path in self.own if path.grant_id is not None]
        for reason in grants.plan_removal(self.setting(), ids).refused:
            if not (has_heir and reason is Reason.LAST_WORKSPACE_ADMIN):
                return str(reason.sentence)
        if not ids and all(group.refusal for group in leaving):
            return str(Reason.NOT_DIRECT.sentence)
        return ""

    def points(self, leaving: list[GroupPath]) -> list[str]:
        points = []
        if self.own:
            count = len(self.own)
            text = ngettext(
                "Their own role here ends: %(names)s.", "Their %(count)s own roles here end: %(names)s.", count
            )
            names = ", ".join(self.roles.names.get(path.role_id, "") for path in self.own)
            points.append(text % {"count": count, "names": names})
        free = [group for group in leaving if group.refusal is None]
        if free:
            text = ngettext("They leave the group %(names)s.", "They leave the groups %(names)s.", len(free))
            points.append(text % {"names": ", ".join(group.name for group in free)})
        ids = [group.id for group in free]
        for impact in lost_elsewhere(self.place.organization, self.inside.workspace, self.member.pk, ids):
            text = _("By that they also lose %(role)s in %(workspace)s.")
            points.append(text % {"role": impact.role, "workspace": impact.workspace})
        for group in leaving:
            if group.refusal is not None:
                text = _("They stay through %(group)s: %(why)s")
                points.append(text % {"group": group.name, "why": group.refusal.sentence})
        if any(path.kind is Kind.EVERYONE for path in self.paths):
            points.append(_("What everyone may do here stays theirs too."))
        return [*points, *self.work_left()]

    def work_left(self) -> list[str]:
        """What they own here: it stays, without them (SYSTEMS I51)."""
        owned = owned_by(self.member.pk, self.inside.workspace.pk)
        if not owned:
            return []
        kinds = ", ".join(f"{each.kind} ({intcomma(each.count)})" for each in owned)
        return [_("They own work here that they cannot reach any more: %(kinds)s.") % {"kinds": kinds}]


class PersonResend(PersonView):
    """The bell: a new link to somebody who waits."""

    workspace_verb = Verb.INVITE

    def get(self, request: Request, member_id: int) -> HttpResponse:
        address = self.member.address
        points = [_("A new link is sent to %(address)s; the former one stops working.") % {"address": address}]
        next_one = reminder_words(waiting_with(self.member, timezone.now()))
        points += [f"{next_one}."] if next_one else []
        refusal = "" if self.member.joined_at is None else str(Reason.JOINED.sentence)
        title = _("Resend the invitation of %(name)s?") % {"name": self.name}
        return self.draw(
            request, "grants/act.html", title=title, submit=_("Resend invitation"), points=points, refusal=refusal,
            is_harmless=True,
        )  # fmt: skip

    def post(self, request: Request, member_id: int) -> HttpResponse:
        grants.resend_in_workspace(**self.about(), member_id=self.member.pk)
        return self.done(request, _("The invitation of %(name)s is queued.") % {"name": self.name})


class PersonHistory(PersonView):
    """What changed about one person in this workspace."""

    workspace_verb = Verb.VIEW_WORKSPACE_HISTORY

    def get(self, request: Request, member_id: int) -> HttpResponse:
        acts, only = acts_on_person(self.place.organization.pk, self.inside.workspace.pk, self.member.pk)
        return self.draw(
            request, "grants/history.html", lines=history_lines(acts, only), page_url=self.here("workspace_history")
        )
