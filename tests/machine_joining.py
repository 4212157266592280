"""The state machine's moves on joining by oneself: domains that let people in, and invite links."""

from typing import Any

from invitations.actions import domains, links
from invitations.models import InviteLink, JoinDomain
from tests.naive import Model
from tests.steps import the
from workspaces.models import Departure


class JoiningMoves:
    """What the machine itself brings, as for `tests.machine_access`."""

    now: Model
    step: Any
    actor: Any
    organization: Any
    workspace: Any
    user: Any
    ask_for: Any

    def change_domain(self, who: int, where: int, how: str, number: int) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        found = JoinDomain.objects.filter(organization=organization).first()
        if found is None:
            return
        what = {"actor": actor, "organization_id": organization, "domain_id": found.pk}
        if how == "on":
            places = [self.workspace(organization, number)] if number % 2 else []
            self.step(actor, lambda: domains.switch_on(**what, workspace_ids=places))
            return
        act = {"off": domains.switch_off, "pause": domains.pause, "resume": domains.resume}[how]
        self.step(actor, lambda: act(**what))

    def join_by_domain(self, who: int, where: int) -> None:
        """By anybody, members and strangers alike."""
        organization = self.organization(where)
        actor = self.actor(who % 8, organization)
        act = lambda: domains.join_by_domain(actor=actor, organization_id=organization)  # noqa: E731
        self.comes(actor, organization, act, "domain")

    def make_link(
        self, who: int, where: int, role: int, places: dict[int, int], groups: set[int], most: int | None
    ) -> None:
        organization = self.organization(where)
        ask = self.ask_for(organization, role, places, groups)
        actor = self.actor(who, organization)
        self.step(
            actor,
            lambda: links.create_link(
                actor=actor, organization_id=organization, name="School", ask=ask, most_uses=most
            ),
        )

    def join_by_link(self, who: int, number: int, former: bool) -> None:
        known = list(InviteLink.objects.order_by("-pk")[:4])
        if not known:
            return
        link = the(known, number)
        actor = self.actor(who % 8, link.organization_id)
        act = lambda: links.join_by_link(actor=actor, link_id=link.pk, generation=link.generation - former)  # noqa: E731
        self.comes(actor, link.organization_id, act, f"link {link.created_by_id or 0}")
        link_now = InviteLink.objects.filter(pk=link.pk).first()
        assert link_now is None or link_now.most_uses is None or link_now.uses <= link_now.most_uses

    def change_link(self, who: int, where: int, number: int, ends: bool) -> None:
        organization = self.organization(where)
        known = list(InviteLink.objects.filter(organization=organization).order_by("-pk")[:4])
        if known:
            actor, act = self.actor(who, organization), links.revoke_link if ends else links.rotate_link
            link_id = the(known, number).pk
            self.step(actor, lambda: act(actor=actor, organization_id=organization, link_id=link_id))

    def comes(self, actor: Any, organization: int, act: Any, by: str) -> None:
        """Whoever was removed, revoked or suspended before comes back neither by a domain nor by a link."""
        mine = self.now.verified.get(actor.user_id, set())
        gone = Departure.objects.filter(organization=organization)
        barred = gone.filter(user=actor.user_id).exists() or gone.filter(address__in=mine).exists()
        member = self.now.member_of(organization, actor.user_id)
        if self.step(actor, act, by=f"join {by}") is not None:
            assert mine
            assert member is not None or not barred
            assert member is None or member.suspended_at is None
