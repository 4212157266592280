"""Invite links: one address for many. Made, rotated and ended by whoever may invite; joined by whoever has it.

Whoever made a link answers for what it gives: their rights are looked at whenever somebody joins by it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.addresses import AddressError
from accounts.names import clean_name
from config.refusals import Refusal
from invitations.actions.deciding import giving_of
from invitations.actions.grantable import Givers
from invitations.actions.joining import Comer, Joined, enter, place, say_places
from invitations.asking import Ask
from invitations.domains import canonical_domain, domain_of
from invitations.models import (
    InviteLink,
    InviteLinkGroup,
    InviteLinkUse,
    InviteLinkWorkspace,
    JoinDomainWorkspace,
)
from invitations.queries.links import Clocked, State, ask_of, clocked, living, state_of, token_of
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.requests import Asked, hold
from workspaces.catalogue import BuiltIn
from workspaces.history import (
    INVITE_LINK_JOINED,
    INVITE_LINK_MADE,
    INVITE_LINK_PLACED,
    INVITE_LINK_REVOKED,
    INVITE_LINK_ROTATED,
    INVITE_LINK_SHOWN,
    PLACEMENT_DROPPED,
    EventKind,
)
from workspaces.models import Grant, Group, GroupMember, Member, Organization, Origin, Role
from workspaces.policy import Verb, decide
from workspaces.queries.choices import may_invite
from workspaces.queries.facts import actor_facts
from workspaces.registry import Gone, Leaving

MOST_USES = 100_000
MOST_LINKS = 200
"""Living ones of one organization."""


# --- by whoever may invite


def create_link(
    *,
    actor: Actor,
    organization_id: int,
    name: str,
    ask: Ask,
    expires_at: datetime | None = None,
    most_uses: int | None = None,
    allowed_domain: str = "",
) -> InviteLink:
    """A link that gives what is asked for to whoever has it. Raises as `Giving.insist` for what the actor
    cannot give, ValidationError for what is no name, Refusal 422 for what is no domain, number or future moment.
    Locks the organization.
    """
    name, domain = clean_name(name), _canonical(allowed_domain)
    _insist_on_bounds(expires_at, most_uses)
    with locked(actor=actor, organization_id=organization_id) as held:
        _insist_may_give(held, ask)
        _insist_on_room(held)
        link = InviteLink.objects.create(
            organization=held.organization,
            name=name,
            role_id=ask.role_id,
            expires_at=expires_at,
            most_uses=most_uses,
            allowed_domain=domain,
            created_by_id=actor.user_id,
        )
        _add_places(link, ask)
        gives = [Role.objects.values_list("name", flat=True).get(pk=ask.role_id)]
        gives += say_places(ask.placements, ask.group_ids)
        _record(held, INVITE_LINK_MADE, link, after="; ".join(gives)[:200])
        link.refresh_from_db()
    return link


def _insist_on_bounds(expires_at: datetime | None, most_uses: int | None) -> None:
    if most_uses is not None and not 1 <= most_uses <= MOST_USES:
        raise Refusal(_("Enter a number from 1 to %(most)s.") % {"most": intcomma(MOST_USES)}, 422, "uses")
    if expires_at is not None and expires_at <= timezone.now():
        raise Refusal(_("This moment has passed already."), 422, "expired")


def _insist_on_room(held: Locked) -> None:
    links = InviteLink.objects.filter(organization=held.organization, revoked_at__isnull=True)
    if links.count() >= MOST_LINKS:
        sentence = _("There are %(most)s links already. End those that nobody needs first.")
        raise Refusal(sentence % {"most": MOST_LINKS}, 409, "too_many")


def _add_places(link: InviteLink, ask: Ask) -> None:
    InviteLinkWorkspace.objects.bulk_create(
        InviteLinkWorkspace(link=link, workspace_id=workspace_id, role_id=role_id)
        for workspace_id, role_id in ask.placements.items()
    )
    InviteLinkGroup.objects.bulk_create(
        InviteLinkGroup(link=link, group_id=group_id) for group_id in dict.fromkeys(ask.group_ids)
    )


def show_link(*, actor: Actor, organization_id: int, link_id: int) -> str:
    """The token of its address, for whoever could make such a link now; that they looked stands in the history.

    Raises Refusal 409 for a link that does not live, and what `create_link` raises.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        link = _living(held, link_id)
        _insist_may_give(held, ask_of(link))
        _record(held, INVITE_LINK_SHOWN, link)
        return token_of(link)


def rotate_link(*, actor: Actor, organization_id: int, link_id: int) -> str:
    """Another address with the same settings; the former one ends. Whoever rotates answers for it from then on.
    Returns the new token. Raises Refusal 409 for a link that was ended, and what `create_link` raises.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        link = _link(held, link_id)
        _insist_not_ended(link)
        _insist_may_give(held, ask_of(link))
        InviteLink.objects.filter(pk=link.pk).update(generation=F("generation") + 1, created_by=actor.user_id)
        link.refresh_from_db()
        _record(held, INVITE_LINK_ROTATED, link)
        return token_of(link)


def revoke_link(*, actor: Actor, organization_id: int, link_id: int) -> None:
    """Its address opens nothing any more; whoever joined stays. By its maker, and by whoever may invite into the
    organization. Raises Refusal 409 where it was ended already.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        link = _link(held, link_id)
        if link.created_by_id != actor.user_id or not held.facts.is_active:
            insist(decide(held.facts, Verb.INVITE))
        _insist_not_ended(link)
        _revoke(held, InviteLink.objects.filter(pk=link.pk))


# --- by whoever has it


def join_by_link(*, actor: Actor, link_id: int, generation: int) -> Joined:
    """Makes the actor a member, or gives a member the places that they have not yet. One UPDATE decides about the last
    use.

    What its maker can no longer give becomes one request. Raises Refusal 403 without a verified address (of the allowed
    domain), 409 for a link that does not live, for who was removed, revoked or suspended, and where there is nothing to
    gain. Locks the organization, then the person.
    """
    organization_id = InviteLink.objects.filter(pk=link_id).values_list("organization_id", flat=True).first()
    if organization_id is None:
        raise Http404
    with locked(actor=actor, organization_id=organization_id) as held:
        link = _link(held, link_id)
        state = state_of(link, generation)
        if state is not State.LIVING:
            raise Refusal(state.sentence, 409, state)
        comer = Comer.read(held)
        address = _fitting(comer, link) if comer is not None else ""
        if comer is None or not address:
            raise Refusal(_("None of your confirmed addresses is one that this link is for."), 403, "wrong_address")
        comer.insist_not_suspended()
        return _Joining(held, link, comer, address).join()


def _fitting(comer: Comer, link: InviteLink) -> str:
    """The address by which they come: the primary one, or one of the domain that is asked for."""
    fitting = (each for each in comer.addresses if link.allowed_domain in {"", domain_of(each)})
    return next(fitting, "")


class _Joining:
    """One person at one link, under the lock."""

    def __init__(self, held: Locked, link: Clocked, comer: Comer, address: str) -> None:
        self.held, self.link, self.comer, self.address = held, link, comer, address
        self.by = link.created_by_id
        self.givers = Givers(held)
        self.ask = ask_of(link)
        if not may_invite(held.organization, self.givers.facts(self.by)):
            raise Refusal(_("Whoever made this link may no longer invite people."), 409, "maker")

    def join(self) -> Joined:
        present = self.comer.member
        return self._enter() if present is None else self._extend(present)

    def _enter(self) -> Joined:
        self.comer.insist_newcomer(self.held, self.address)
        self._use()
        role_id = self.givers.role_or_less(self.by, self.link.role_id)
        member = enter(self.held, self.comer, address=self.address, role_id=role_id)
        lowered = [] if role_id == self.link.role_id else [Asked(self.link.role_id)]
        return self._place(member, INVITE_LINK_JOINED, self.ask.placements, self.ask.group_ids, lowered)

    def _extend(self, member: Member) -> Joined:
        """Only ever adds, and to each member once: what was taken from them later stays taken."""
        if self.link.joined.filter(member_id=member.pk).exists():
            raise Refusal(_("You have used this link already."), 409, "used")
        held = set(Grant.objects.filter(member=member).values_list("workspace_id", "role_id"))
        inside = set(GroupMember.objects.filter(member=member).values_list("group_id", flat=True))
        placements = {place: role for place, role in self.ask.placements.items() if (place, role) not in held}
        groups = [group for group in self.ask.group_ids if group not in inside]
        if not placements and not groups:
            raise Refusal(
                _("You are a member already, and the link gives nothing that you do not have."), 409, "member"
            )
        self._use()
        return self._place(member, INVITE_LINK_PLACED, placements, groups, [])

    def _use(self) -> None:
        """Whoever changes the row first has it; the others learn that it is used up."""
        mine = InviteLink.objects.filter(living(), pk=self.link.pk, generation=self.link.generation)
        if not mine.update(uses=F("uses") + 1):
            raise Refusal(State.USED_UP.sentence, 409, State.USED_UP)

    def _place(
        self,
        member: Member,
        event: EventKind,
        placements: Mapping[int, int],
        group_ids: Sequence[int],
        lowered: list[Asked],
    ) -> Joined:
        """lowered: the organization role of the link, where its maker can no longer give it."""
        given = {pk: role for pk, role in placements.items() if self.givers.may_place(self.by, pk, role)}
        groups = [pk for pk in group_ids if self.givers.may_add(self.by, pk)]
        payload = {"link": self.link.name, "places": say_places(given, groups)}
        self.held.record(event, subject=member.pk, after=member.role.name, payload=payload)
        place(self.held, member, placements=given, group_ids=groups, origin=Origin.LINK, by=self.by)
        if lowered:
            self.held.record(PLACEMENT_DROPPED, subject=member.pk, before=self.link.role.name)
        rest = lowered + self._drop(member, placements.keys() - given.keys(), set(group_ids) - set(groups))
        hold(self.held, member, rest, inviter=self.link.created_by.display_name if self.link.created_by else "")
        InviteLinkUse.objects.create(link=self.link, member_id=member.pk)
        return Joined(self.held.organization, member.pk, len(rest), is_new=event is INVITE_LINK_JOINED)

    def _drop(self, member: Member, workspaces: set[int], groups: set[int]) -> list[Asked]:
        """What the maker of the link can no longer give: recorded, and asked for instead."""
        dropped = []
        names = dict(Role.objects.filter(pk__in=self.ask.placements.values()).values_list("pk", "name"))
        for pk in sorted(workspaces):
            role_id = self.ask.placements[pk]
            self.held.record(PLACEMENT_DROPPED, subject=member.pk, scope=pk, before=names[role_id])
            if role_id in self.givers.workspace_roles:
                dropped.append(Asked(role_id, workspace_id=pk))
        for pk, name in Group.objects.filter(pk__in=groups).order_by("pk").values_list("pk", "name"):
            self.held.record(PLACEMENT_DROPPED, subject=member.pk, before=name)
            dropped.append(Asked(group_id=pk))
        return dropped


# --- when other things end


def revoke_links_of(leaving: Leaving) -> None:
    """The links of whoever is removed end with them. Registered with `workspaces`."""
    people = Member.objects.filter(pk__in=leaving.ids, user__isnull=False).values("user")
    links = InviteLink.objects.filter(organization=leaving.organization, created_by__in=people)
    living_ones = list(links.filter(revoked_at__isnull=True).values_list("pk", flat=True))
    if living_ones:
        facts = actor_facts(leaving.actor, leaving.organization)
        held = Locked(leaving.organization, leaving.actor, facts)
        _revoke(held, InviteLink.objects.filter(pk__in=living_ones))


def forget_places(gone: Gone) -> None:
    """Links and domains give no places that are gone. Registered with `workspaces`."""
    InviteLinkGroup.objects.filter(group__in=gone.group_ids).delete()
    InviteLinkWorkspace.objects.filter(workspace__in=gone.workspace_ids).delete()
    JoinDomainWorkspace.objects.filter(workspace__in=gone.workspace_ids).delete()


def follow_roles(held: Locked, former: Collection[int], role: Role | None) -> None:
    """Links give the role that took the place of another one; where none did, they give nothing there, and those whose
    organization role is gone end. Registered with `workspaces`.
    """
    links = InviteLink.objects.filter(organization=held.organization, role__in=former)
    places = InviteLinkWorkspace.objects.filter(link__organization=held.organization, role__in=former)
    if role is not None:
        links.update(role=role)
        places.update(role=role)
        return
    _revoke(held, links.filter(revoked_at__isnull=True))
    links.update(role=BuiltIn.GUEST)
    places.delete()


def delete_with_organization(organization: Organization) -> None:
    """Registered with `workspaces`: links go before the roles that they give."""
    InviteLink.objects.filter(organization=organization).delete()


def _revoke(held: Locked, links: "QuerySet[InviteLink]") -> None:
    ending = list(links.order_by("pk"))
    for link in ending:
        _record(held, INVITE_LINK_REVOKED, link)
    InviteLink.objects.filter(pk__in=[link.pk for link in ending]).update(revoked_at=Now())


def _link(held: Locked, link_id: int) -> Clocked:
    links = InviteLink.objects.filter(organization=held.organization, pk=link_id)
    link = clocked(links).select_related("role", "created_by").first()
    if link is None:
        raise Http404
    return link


def _insist_not_ended(link: InviteLink) -> None:
    if link.revoked_at is not None:
        raise Refusal(_("This link has been ended already."), 409, State.REVOKED)


def _living(held: Locked, link_id: int) -> Clocked:
    link = _link(held, link_id)
    state = state_of(link)
    if state is not State.LIVING:
        raise Refusal(state.sentence, 409, state)
    return link


def _insist_may_give(held: Locked, ask: Ask) -> None:
    giving_of(held, [ask]).insist(ask)


def _canonical(domain: str) -> str:
    try:
        return canonical_domain(domain) if domain.strip() else ""
    except AddressError as error:
        raise Refusal(str(error), 422, "no_domain") from None


def _record(held: Locked, event: EventKind, link: InviteLink, *, after: str = "") -> None:
    held.record(event, subject=held.organization.pk, after=after, payload={"link": link.name})
