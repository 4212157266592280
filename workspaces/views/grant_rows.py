"""How grants stand in their list, one row each: principal, role, extras, origin, given, end, reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.ui import rows
from config.ui.people import hue, initials
from workspaces.models import Grant
from workspaces.policy import ActorFacts, GrantFacts, Verb, WorkspaceFacts, decide
from workspaces.queries.roles import Roles


def principal_name(grant: Grant) -> str:
    if grant.member is not None:
        return grant.member.directory.name or grant.member.address
    return grant.group.name if grant.group is not None else _("Everyone")


def kind_words(grant: Grant) -> str:
    if grant.member is not None:
        return grant.member.address if grant.member.directory.name else _("person")
    return _("group") if grant.group is not None else _("all joined, active members except guests")


@dataclass(slots=True)
class GrantRow:
    id: str
    url: str
    pick: str
    kind: str
    principal: str
    role: str
    extras: list[str]
    origin: str
    given: str
    ends: str
    reason: str
    acts: str


@dataclass(slots=True)
class GrantPresenter:
    """Makes rows for one viewer. links: where a person (member) and a group are looked at, by id."""

    actor: ActorFacts
    workspace: WorkspaceFacts
    roles: Roles
    now: datetime
    base_url: str
    person_url: str
    group_url: str
    _refusals: dict[tuple[object, ...], str] = field(default_factory=dict)

    def present(self, grants: Iterable[Grant]) -> list[GrantRow]:
        moments = rows.Moments(self.now)
        return [self._row(grant, moments) for grant in grants]

    def _row(self, grant: Grant, moments: rows.Moments) -> GrantRow:
        url = f"{self.base_url}{grant.pk}/"
        extras = sorted(extra.permission for extra in grant.extra_permissions.all())
        role = self.roles.workspace.get(grant.role_id)
        facts = GrantFacts(
            (role.permissions if role else frozenset()) | frozenset(extras), is_everyone=grant.principal_key == 0
        )
        word = rows.text(self.roles.names.get(grant.role_id, grant.role.label))
        change, remove = self._refusal(Verb.CHANGE_GRANT, facts), self._refusal(Verb.REMOVE_GRANT, facts)
        by = grant.granted_by.display_name if grant.granted_by else "Roster"
        edit = rows.act(f"{url}edit/", "pencil", "w-edit", change)
        trash = rows.act(f"{url}remove/", "trash", "w-remove", remove)
        return GrantRow(
            id=str(grant.pk),
            url=url,
            pick=SafeString(rows.pick(grant.pk).replace('name="member"', 'name="grant"')),
            kind="person" if grant.member_id else "group" if grant.group_id else "everyone",
            principal=self._principal(grant),
            role=rows.choice(f"{url}role/", grant.role_id, word, change, is_strong=False),
            extras=extras,
            origin=grant.get_origin_display(),
            given=SafeString(
                f"{moments.draw(grant.granted_at)}<small>{rows.text(_('by %(name)s') % {'name': by})}</small>"
            ),
            ends=moments.draw(grant.ends_at) if grant.ends_at else "–",
            reason=grant.reason,
            acts=SafeString(f"{edit}{trash}"),
        )

    def _refusal(self, verb: Verb, facts: GrantFacts) -> str:
        key = (verb, facts)
        if key not in self._refusals:
            reason = decide(self.actor, verb, workspace=self.workspace, grant=facts).reason
            self._refusals[key] = str(reason.sentence) if reason else ""
        return self._refusals[key]

    def _principal(self, grant: Grant) -> SafeString:
        name = principal_name(grant)
        if grant.member_id is not None:
            url = f"{self.person_url}{grant.member_id}/"
        else:
            url = (
                f"{self.group_url}{grant.group_id}/"
                if grant.group_id is not None
                else f"{self.base_url}{grant.pk}/edit/"
            )
        picture = rows.avatar(initials(name), hue(grant.member_id or grant.group_id or 0))
        return rows.person(grant.pk, url, picture, rows.name(name), rows.name(kind_words(grant)))
