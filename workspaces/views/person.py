"""One member's page: who they are, what they may do where and through what, and what changed."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from config.http import Request, page
from workspaces.access import member_of
from workspaces.catalogue import BuiltIn
from workspaces.filters import with_query
from workspaces.forms import RoleOfMember
from workspaces.models import AccountState, Member
from workspaces.names import NEVER
from workspaces.place import Place
from workspaces.policy import MemberFacts, Verb, decide
from workspaces.queries.accounts import account_of
from workspaces.queries.catalogue import permissions
from workspaces.queries.effective import Kind, paths_of
from workspaces.queries.explaining import Explained, explain
from workspaces.queries.facts import workspace_facts
from workspaces.queries.history import acts_on_member
from workspaces.queries.members import found_member
from workspaces.queries.people import groups_of_member, has_two_factor, other_addresses
from workspaces.queries.resources import Owned, entitlements_of, owned_by
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.waiting import waiting_with
from workspaces.tables import pill_of, reminder_words
from workspaces.views.base import OrganizationView
from workspaces.views.history import history_lines
from workspaces.views.member import person, state_of
from workspaces.views.resources import figure_rows
from workspaces.views.why import explained_row, standing_of


class MemberPage(OrganizationView):
    """Who they are, what they may do where and through what, and what changed. One's own page is always open."""

    def get(self, request: Request, member_id: int) -> HttpResponse:
        if member_id != self.place.member.pk:
            self.insist_on(Verb.VIEW_MEMBERS)
        member = member_of(self.place, member_id)
        roles = all_roles(self.place.organization)
        reasons = self.reasons(member, roles)
        sees_history = bool(decide(self.place.facts, Verb.VIEW_HISTORY))
        context = self.context(
            "members",
            **self.header(member),
            members_url=self.url("members"),
            role_name=roles.names[member.role_id],
            role_reason=reasons[Verb.UPDATE_ROLE],
            role_url=self.url("member_role", member.pk),
            role_form=None if reasons[Verb.UPDATE_ROLE] else self.role_form(member, roles),
            acts=self.acts(member, reasons),
            **self.access(member, roles),
            groups=self.groups(member),
            entitlements=figure_rows(entitlements_of(self.place.organization)),
            standing=standing_of(member),
            owned=self.owned(member),
            **(self.invitation(member, may_resend=not reasons[Verb.RESEND]) if member.joined_at is None else {}),
            acts_log=recent_changes(self.place.organization.pk, member.pk) if sees_history else [],
            history_url=self.url("history") if sees_history else "",
        )
        return page(request, "members/member.html", context, partial="person")

    def header(self, member: Member) -> dict[str, Any]:
        """Who they are and in what state, with what is wrong with their mail."""
        pill = pill_of(found_member(member), timezone.now())
        seen = member.activity.last_active_at
        about = {
            **person(member),
            "other_addresses": other_addresses(member.user_id, member.address),
            "state_word": pill.word,
            "state_detail": pill.detail,
            "state_icon": pill.icon,
            "tone": pill.tone,
            "account": self.account(member),
            "two_factor": _("Two-factor on") if has_two_factor(member.user_id) else "",
            "active_at": seen if seen > NEVER else None,
        }
        return {"person": about, "trouble": pill.trouble}

    def invitation(self, member: Member, *, may_resend: bool) -> dict[str, Any]:
        """Of somebody waiting; what is about to happen to it is for those who may resend it."""
        going = waiting_with(member, timezone.now()) if may_resend else None
        return {
            "fresh_asked_at": going.fresh_asked_at if going else None,
            "fresh_url": f"{self.url('member', member.pk)}resend/",
            "invitation": {
                "inviter": member.invited_by.display_name if member.invited_by else _("Deleted account"),
                "sent_at": member.mail.queued_at if member.mail else None,
                "mail_word": member.mail.get_state_display() if member.mail else "",
                "expires_at": member.invited_until,
                "reminder": reminder_words(going),
                "url": going.url if going else "",
            },
        }

    def account(self, member: Member) -> str:
        """The external account, where the organization or the person has one (R6)."""
        known = account_of(member.pk)
        if known is None and not self.place.organization.external_account_id:
            return ""
        state = str(known.get_state_display() if known else AccountState.NOT_CHECKED.label)
        named = known.account_id if known else ""
        if not named:
            return _("External account: %(state)s") % {"state": state}
        return _("External account %(account)s: %(state)s") % {"account": named, "state": state}

    def access(self, member: Member, roles: Roles) -> dict[str, Any]:
        """Workspace by workspace; those that only the organization role opens are counted."""
        places = access_of(self.place, member, roles)
        inherited = [each for each in places if all(way.path.kind is Kind.ORGANIZATION for way in each.ways)]
        named = [each for each in places if each not in inherited]
        explores = bool(decide(self.place.facts, Verb.EXPLORE_ACCESS))
        manages = bool(decide(self.place.facts, Verb.REMOVE))
        facts = workspace_facts(self.place.organization, self.place.facts, [each.workspace.pk for each in named])
        return {
            "access": [explained_row(self.place, each, member.pk, facts[each.workspace.pk]) for each in named],
            "inherited": len(inherited),
            "explore_url": with_query(self.url("access"), QueryDict(), ask="what", person=str(member.pk))
            if explores
            else "",
            "everywhere_url": self.url("member_remove_access", member.pk)
            if manages and any(each.removable for each in named)
            else "",
        }

    def owned(self, member: Member) -> list[Owned]:
        """What they own, for themselves and for whoever manages people."""
        sees = member.pk == self.place.member.pk or decide(self.place.facts, Verb.EXPLORE_ACCESS)
        return owned_by(member.pk) if sees else []

    def groups(self, member: Member) -> list[dict[str, Any]]:
        """With what each gives; by name."""
        sees = member.pk == self.place.member.pk or decide(
            self.place.facts, Verb.VIEW_GROUPS, organization=self.place.policies
        )
        return [
            {"name": name, "url": self.url("group", pk) if sees else ""} for pk, name in groups_of_member(member.pk)
        ]

    def reasons(self, member: Member, roles: Roles) -> dict[Verb, str]:
        facts = MemberFacts(
            state_of(member),
            member.role_id,
            roles.organization[member.role_id].permissions,
            is_self=member.pk == self.place.member.pk,
            is_owner=member.pk == self.place.organization.owner_id,
        )
        verbs = (
            Verb.UPDATE_ROLE,
            Verb.SUSPEND,
            Verb.REACTIVATE,
            Verb.REMOVE,
            Verb.RESEND,
            Verb.REVOKE,
            Verb.EDIT_INVITATION,
            Verb.MERGE,
        )
        decisions = {verb: decide(self.place.facts, verb, facts).reason for verb in verbs}
        return {verb: "" if reason is None else str(reason.sentence) for verb, reason in decisions.items()}

    def role_form(self, member: Member, roles: Roles) -> RoleOfMember:
        held = self.place.facts.permissions
        choices = [(pk, roles.names[pk]) for pk, role in roles.organization.items() if role.permissions <= held]
        return RoleOfMember(choices, initial={"role": member.role_id})

    def acts(self, member: Member, reasons: dict[Verb, str]) -> list[dict[str, Any]]:
        base = self.url("member", member.pk)
        waiting, suspended = member.joined_at is None, member.suspended_at is not None
        if waiting:
            wanted = [
                (_("Resend"), "bell", f"{base}resend/", False, Verb.RESEND),
                (_("Edit"), "pencil", f"{base}edit/", False, Verb.EDIT_INVITATION),
                (_("Copy link"), "link", f"{base}copy/", False, Verb.RESEND),
                (_("Reminders"), "bell-off", f"{base}reminders/", False, Verb.EDIT_INVITATION),
                (_("Revoke"), "mail-x", f"{base}remove/", True, Verb.REVOKE),
            ]
        elif suspended:
            wanted = [
                (_("Reactivate"), "player-play", f"{base}reactivate/", False, Verb.REACTIVATE),
                (_("Remove"), "trash", f"{base}remove/", True, Verb.REMOVE),
            ]
        else:
            wanted = [
                (_("Suspend"), "player-pause", f"{base}suspend/", False, Verb.SUSPEND),
                (_("Remove"), "trash", f"{base}remove/", True, Verb.REMOVE),
            ]
        if member.role_id == BuiltIn.ADMIN and not waiting and member.pk != self.place.organization.owner_id:
            instead = (_("Make workspace admin instead"), "shield", f"{base}instead/", False, Verb.UPDATE_ROLE)
            wanted.insert(0, instead)
        if not reasons[Verb.MERGE]:
            wanted.insert(-1, (_("Merge"), "arrow-right", f"{base}merge/", False, Verb.MERGE))
        return [
            {"label": label, "icon": icon, "url": url, "danger": danger, "reason": reasons[verb]}
            for label, icon, url, danger, verb in wanted
        ]


def recent_changes(organization_id: int, member_id: int) -> list[dict[str, Any]]:
    """History lines without a day above them: each says how long ago it was."""
    return [{**line, "time": ""} for line in history_lines(acts_on_member(organization_id, member_id))]


def access_of(place: Place, member: Member, roles: Roles) -> list[Explained]:
    """Where the member has access, as far as the person who looks may know: all of one's own and for whoever manages
    the organization's people, else in those workspaces whose people they see.
    """
    paths = paths_of(place.organization, member)
    if member.pk != place.member.pk and not decide(place.facts, Verb.EXPLORE_ACCESS):
        seen = workspaces_seen(place, {path.workspace_id for path in paths})
        paths = [path for path in paths if path.workspace_id in seen]
    return explain(place.organization, roles, paths, permissions())


def workspaces_seen(place: Place, workspace_ids: Iterable[int]) -> set[int]:
    """Those of them whose people the person sees."""
    facts = workspace_facts(place.organization, place.facts, workspace_ids)
    return {
        pk
        for pk, workspace in facts.items()
        if decide(place.facts, Verb.VIEW_WORKSPACE_MEMBERS, workspace=workspace, organization=place.policies)
    }
