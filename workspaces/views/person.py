"""One member's page: who they are, what they may do where and through what, and what changed."""

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, page
from config.ui.people import hue, initials
from config.ui.templatetags.ui import relative
from workspaces.access import member_of
from workspaces.forms import RoleOfMember
from workspaces.models import Member, Organization
from workspaces.names import NEVER
from workspaces.policy import MemberFacts, Verb, decide
from workspaces.queries.history import acts_on_member
from workspaces.queries.members import found_member
from workspaces.queries.people import has_two_factor, other_addresses, placements_of
from workspaces.queries.roles import Roles, all_roles
from workspaces.tables import pill_of
from workspaces.views.base import OrganizationView
from workspaces.views.history import history_lines
from workspaces.views.member import person, state_of


class MemberPage(OrganizationView):
    """Who they are, what they may do where and through what, and what changed. One's own page is always open."""

    def get(self, request: Request, member_id: int) -> HttpResponse:
        if member_id != self.place.member.pk:
            self.insist_on(Verb.VIEW_MEMBERS)
        member = member_of(self.place, member_id)
        roles = all_roles(self.place.organization)
        reasons = self.reasons(member, roles)
        pill = pill_of(found_member(member), timezone.now())
        sees_history = bool(decide(self.place.facts, Verb.VIEW_HISTORY))
        waiting = member.joined_at is None
        context = self.context(
            "members",
            person={
                **person(member),
                "other_addresses": other_addresses(member.user_id, member.address),
                "state_word": pill.word,
                "state_detail": pill.detail,
                "state_icon": pill.icon,
                "tone": pill.tone,
                "two_factor": _("Two-factor on") if has_two_factor(member.user_id) else "",
                "active_at": member.activity.last_active_at if member.activity.last_active_at > NEVER else None,
            },
            trouble=pill.trouble,
            members_url=self.url("members"),
            role_name=roles.names[member.role_id],
            role_reason=reasons[Verb.UPDATE_ROLE],
            role_url=self.url("member_role", member.pk),
            role_form=None if reasons[Verb.UPDATE_ROLE] else self.role_form(member, roles),
            acts=self.acts(member, reasons),
            access=access_rows(self.place.organization, member),
            groups=[{"name": name, "note": ""} for name in placements_of(self.place.organization, member).groups],
            invitation={
                "inviter": member.invited_by.display_name if member.invited_by else _("Deleted account"),
                "sent_at": member.mail.queued_at if member.mail else None,
                "mail_word": member.mail.get_state_display() if member.mail else "",
                "expires_at": member.invited_until,
            }
            if waiting
            else None,
            acts_log=recent_changes(self.place.organization.pk, member.pk) if sees_history else [],
            history_url=self.url("history") if sees_history else "",
        )
        return page(request, "members/member.html", context, partial="person")

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
        return [
            {"label": label, "icon": icon, "url": url, "danger": danger, "reason": reasons[verb]}
            for label, icon, url, danger, verb in wanted
        ]


def recent_changes(organization_id: int, member_id: int) -> list[dict[str, Any]]:
    """History lines without a day above them: each says how long ago it was."""
    return [{**line, "time": ""} for line in history_lines(acts_on_member(organization_id, member_id))]


ICONS = {"direct": "user-check", "group": "users-group", "everyone": "world"}


def access_rows(organization: Organization, member: Member) -> list[dict[str, Any]]:
    """One row per workspace: the path that decides, and how many more lead there."""
    placed = placements_of(organization, member)
    rows = []
    for _name, paths in groupby(placed.paths, key=lambda path: path.workspace):
        deciding, *others = sorted(paths, key=lambda path: -path.size)
        more = ngettext("and %(count)s more path", "and %(count)s more paths", len(others)) % {"count": len(others)}
        rows.append(
            {
                "name": deciding.workspace,
                "kind": deciding.workspace_kind,
                "initial": initials(deciding.workspace)[:1],
                "hue": hue(deciding.workspace_id),
                "url": "",
                "role": deciding.role,
                "through": deciding.through or {"direct": _("Direct grant"), "everyone": _("Everyone")}[deciding.kind],
                "through_icon": ICONS[deciding.kind],
                "more": more if others else "",
                "until": deciding.ends_at,
                "ends_in": relative(deciding.ends_at) if deciding.ends_at else "",
            }
        )
    return rows
