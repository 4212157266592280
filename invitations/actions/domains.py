"""Joining by domain (ACCEPTANCE P23): which domains let people in, and joining by one.

Off until somebody switches it on. A change of owner or of the owner's address pauses it at once, whatever else holds;
nothing but a person resumes it.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import ROSTER, Actor, Source
from accounts.addresses import AddressError
from config.refusals import Refusal
from invitations.actions.joining import Comer, Joined, enter, place, say_places
from invitations.domains import Kind, canonical_domain, domain_of
from invitations.models import DomainRule, JoinDomain, JoinDomainUse, JoinDomainWorkspace
from invitations.proofs import IN_REQUEST, IN_WORKER, Answer, look_up
from invitations.queries.domains import (
    Trouble,
    admitting,
    due_for_a_look,
    kind,
    open_places,
    owners_address,
    trouble_of,
)
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import BuiltIn, Scope, scheme_roles
from workspaces.history import (
    DOMAIN_ADDED,
    DOMAIN_JOINED,
    DOMAIN_PAUSED,
    DOMAIN_PROVEN,
    DOMAIN_REMOVED,
    DOMAIN_RESUMED,
    DOMAIN_SWITCHED_OFF,
    DOMAIN_SWITCHED_ON,
    EventKind,
)
from workspaces.models import Organization, Origin, Workspace
from workspaces.policy import Verb, decide
from workspaces.queries.facts import actor_facts, roles_of, workspace_facts
from workspaces.reasons import Reason

GONE_AFTER = timedelta(days=3)
"""A DNS record may be missing for so long before it pauses what rests on it."""
LOOKED_AT_ONCE = 40
"""Domains that one tick asks DNS about, each for `proofs.IN_WORKER` seconds at the most."""
MOST_DOMAINS = 50
"""Of one organization."""


# --- by administrators


def add_domain(*, actor: Actor, organization_id: int, domain: str) -> JoinDomain:
    """A domain that waits for its DNS record. Raises Refusal 422 for what is no domain or one that nobody joins by, 409
    for one that is there. Locks the organization.
    """
    try:
        name = canonical_domain(domain)
    except AddressError as error:
        raise Refusal(str(error), 422, "no_domain") from None
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        _insist_ordinary(name)
        here = JoinDomain.objects.filter(organization=held.organization)
        if here.filter(domain=name).exists():
            raise Refusal(_("%(domain)s is in the list already.") % {"domain": name}, 409, "known")
        if here.count() >= MOST_DOMAINS:
            raise Refusal(_("An organization has at most %(most)s domains.") % {"most": MOST_DOMAINS}, 409, "too_many")
        held.record(DOMAIN_ADDED, subject=organization_id, after=name, payload={"domain": name})
        return JoinDomain.objects.create(organization=held.organization, domain=name, proof=JoinDomain.Proof.DNS)


def look_at_domain(*, actor: Actor, organization_id: int, domain_id: int) -> Answer:
    """Asks DNS at once, for `proofs.IN_REQUEST` seconds at the most and without the lock, and notes a proof.

    Raises Http404 for a domain that is not the organization's.
    """
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise Http404
    insist(decide(actor_facts(actor, organization), Verb.CHANGE_SETTINGS))
    join = _domain(organization, domain_id)
    answer = look_up(organization.pk, join.domain, seconds=IN_REQUEST)
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        _note(held, _domain(held.organization, domain_id), answer)
    return answer


def switch_on(
    *, actor: Actor, organization_id: int, workspace_ids: Collection[int], domain_id: int | None = None
) -> JoinDomain:
    """Lets people at a proven domain join, as Member and with the lowest role in the workspaces; domain_id None: at the
    domain of the owner's own verified address. Switching on again changes the workspaces.

    Raises Refusal 409 where the domain is not proven or none that people may join by, 403 for a workspace where the
    actor cannot give the role; Http404 for ids that are not the organization's. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        _insist_may_give(held, workspace_ids)
        join = _owners_domain(held) if domain_id is None else _domain(held.organization, domain_id)
        _rest_on_present_owner(join)
        _insist_no_trouble(join)
        join.switched_on_at, join.paused_at, join.pause_reason = timezone.now(), None, ""
        join.switched_on_by_id = actor.user_id
        join.save()
        JoinDomainWorkspace.objects.filter(domain=join).delete()
        JoinDomainWorkspace.objects.bulk_create(
            JoinDomainWorkspace(domain=join, workspace_id=each) for each in sorted(workspace_ids)
        )
        role = scheme_roles(held.organization.scheme)[0].id
        places = say_places(dict.fromkeys(workspace_ids, int(role)))
        _record(held, DOMAIN_SWITCHED_ON, join, after="; ".join(places)[:200])
    return join


def switch_off(*, actor: Actor, organization_id: int, domain_id: int) -> None:
    """Nobody joins by it any more; whoever joined stays. Raises Refusal 409 where it is off."""
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        join = _domain(held.organization, domain_id)
        if join.switched_on_at is None:
            raise Reason.UNCHANGED.refusal()
        join.switched_on_at, join.paused_at, join.pause_reason = None, None, ""
        join.save()
        _record(held, DOMAIN_SWITCHED_OFF, join)


def pause(*, actor: Actor, organization_id: int, domain_id: int) -> None:
    """Nobody joins by it until somebody resumes it. Raises Refusal 409 where it lets nobody in anyway."""
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        if not _pause(held, _domain(held.organization, domain_id), Trouble.BY_HAND):
            raise Reason.UNCHANGED.refusal()


def resume(*, actor: Actor, organization_id: int, domain_id: int) -> None:
    """Lets people in again as before, on the present owner's address. Raises Refusal 409 where it is not paused, and
    where what it rests on does not hold; 403 where the actor could not switch it on.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        join = _domain(held.organization, domain_id)
        if join.paused_at is None:
            raise Reason.UNCHANGED.refusal()
        _insist_may_give(held, _open_places(join))
        _rest_on_present_owner(join)
        _insist_no_trouble(join)
        join.paused_at, join.pause_reason, join.switched_on_by_id = None, "", actor.user_id
        join.save()
        _record(held, DOMAIN_RESUMED, join)


def remove_domain(*, actor: Actor, organization_id: int, domain_id: int) -> None:
    """Takes it out of the list; whoever joined stays."""
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CHANGE_SETTINGS))
        join = _domain(held.organization, domain_id)
        _record(held, DOMAIN_REMOVED, join)
        join.delete()


# --- by whoever joins


def join_by_domain(*, actor: Actor, organization_id: int) -> Joined:
    """Makes the actor a Member, since one of their verified addresses is at a domain that lets people in.

    Raises Http404 where none is, so that nobody learns of other organizations; Refusal 409 for who is a member, was
    removed, revoked or suspended, or is asked in (P23). Locks the organization, then the person.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        comer = Comer.read(held)
        admitted = admitting(held.organization, comer.addresses) if comer is not None else None
        if comer is None or admitted is None:
            raise Http404
        join, address = admitted
        comer.insist_not_suspended()
        if comer.member is not None:
            raise Refusal(_("You are a member already."), 409, "member")
        comer.insist_newcomer(held, address)
        member = enter(held, comer, address=address, role_id=BuiltIn.MEMBER)
        lowest = int(scheme_roles(held.organization.scheme)[0].id)
        placements = dict.fromkeys(_open_places(join), lowest)
        payload = {"domain": join.domain, "places": say_places(placements)}
        held.record(DOMAIN_JOINED, subject=member.pk, after=member.role.name, payload=payload)
        place(held, member, placements=placements, origin=Origin.DOMAIN, by=join.switched_on_by_id)
        JoinDomainUse.objects.create(domain=join, member_id=member.pk)
    return Joined(held.organization, member.pk)


def _open_places(join: JoinDomain) -> list[int]:
    return list(open_places(join).order_by("pk").values_list("pk", flat=True))


# --- by Roster


def look_after_domains() -> int:
    """Looks at every domain once a day: those whose record is gone for GONE_AFTER are paused, as are those that rest on
    nothing any more. Any number of ticks may run at once: each domain is claimed by its time. Returns how many.
    """
    looked = 0
    for pk, organization_id, domain, proof in list(
        due_for_a_look().order_by("pk").values_list("pk", "organization_id", "domain", "proof")[:LOOKED_AT_ONCE]
    ):
        if not due_for_a_look().filter(pk=pk).update(checked_at=Now()):
            continue
        asks = proof == JoinDomain.Proof.DNS
        answer = look_up(organization_id, domain, seconds=IN_WORKER) if asks else None
        with suppress(Http404), locked(actor=ROSTER, organization_id=organization_id) as held:
            _look_after(held, _domain(held.organization, pk), answer)
        looked += 1
    return looked


def _look_after(held: Locked, join: JoinDomain, answer: Answer | None) -> None:
    if answer is not None:
        _note(held, join, answer)
    trouble = trouble_of(join)
    if trouble is not None:
        _pause(held, join, trouble)


def _note(held: Locked, join: JoinDomain, answer: Answer) -> None:
    """What DNS said: a first proof stands in the history; a record that is gone for long pauses."""
    join.checked_at = timezone.now()
    if answer is Answer.FOUND:
        if join.proven_at is None:
            _record(held, DOMAIN_PROVEN, join)
        join.proven_at = join.checked_at
    join.save(update_fields=["checked_at", "proven_at"])
    is_gone = join.proven_at is None or join.checked_at - join.proven_at >= GONE_AFTER
    if answer is not Answer.FOUND and is_gone and join.proof == JoinDomain.Proof.DNS:
        _pause(held, join, Trouble.DNS)


def pause_for_owner(held: Locked) -> None:
    """Another owner pauses what rests on the owner's address. Registered with `workspaces`."""
    for join in JoinDomain.objects.filter(organization=held.organization, proof=JoinDomain.Proof.OWNER):
        _pause(held, join, Trouble.OWNER)


def pause_for_person(user_id: int) -> None:
    """A change of the owner's address pauses what rests on it, in the same transaction. Registered with `accounts`.

    Takes no lock of organizations, since the person is locked already; joining looks at the address itself.
    """
    mine = Q(owner=user_id) | Q(organization__owner__user=user_id)
    running = JoinDomain.objects.filter(
        mine, proof=JoinDomain.Proof.OWNER, switched_on_at__isnull=False, paused_at__isnull=True
    )
    for join in running.select_related("organization"):
        trouble = trouble_of(join)
        if trouble is not None:
            actor = Actor(user_id, Source.WEB)
            _pause(Locked(join.organization, actor, actor_facts(actor, join.organization)), join, trouble)


def _pause(held: Locked, join: JoinDomain, why: Trouble) -> bool:
    """Once: whoever comes second finds it paused."""
    running = JoinDomain.objects.filter(pk=join.pk, switched_on_at__isnull=False, paused_at__isnull=True)
    if not running.update(paused_at=Now(), pause_reason=why.value):
        return False
    _record(held, DOMAIN_PAUSED, join, after=str(why))
    return True


def delete_with_organization(organization: Organization) -> None:
    """Registered with `workspaces`."""
    JoinDomain.objects.filter(organization=organization).delete()


# --- by the operator


def keep_rule(rule: DomainRule) -> None:
    """A valid rule with a canonical domain. It counts from the next look on."""
    rule.save()


def drop_rules(ids: Collection[int]) -> None:
    DomainRule.objects.filter(pk__in=ids).delete()


# --- what has to hold


def _domain(organization: Organization, domain_id: int) -> JoinDomain:
    join = JoinDomain.objects.filter(organization=organization, pk=domain_id).select_related("organization").first()
    if join is None:
        raise Http404
    return join


def _owners_domain(held: Locked) -> JoinDomain:
    """The row of the owner's domain, made if need be; one that DNS proves already stays so."""
    _owner, address = owners_address(held.organization)
    if not address:
        raise Refusal(_("The owner has no confirmed address."), 409, "not_proven")
    name = domain_of(address)
    _insist_ordinary(name)
    join = JoinDomain.objects.filter(organization=held.organization, domain=name).first()
    if join is None:
        return JoinDomain.objects.create(organization=held.organization, domain=name, proof=JoinDomain.Proof.OWNER)
    if join.proven_at is None:
        join.proof = JoinDomain.Proof.OWNER
    return join


def _rest_on_present_owner(join: JoinDomain) -> None:
    """Of the owner's mode: it rests on the owner of this moment, if their address is at this domain. Not saved."""
    if join.proof != JoinDomain.Proof.OWNER:
        return
    owner, address = owners_address(join.organization)
    if owner is None or domain_of(address) != join.domain:
        raise Refusal(
            _("The owner's own confirmed address is not at %(domain)s. Prove the domain by DNS instead.")
            % {"domain": join.domain},
            409,
            "not_proven",
        )
    join.owner, join.owner_address = owner, address


def _insist_no_trouble(join: JoinDomain) -> None:
    _insist_ordinary(join.domain)
    if join.proof == JoinDomain.Proof.DNS and (join.proven_at is None or timezone.now() - join.proven_at >= GONE_AFTER):
        raise Refusal(_("Put the record into DNS first, then have it checked."), 409, "not_proven")


def _insist_ordinary(domain: str) -> None:
    found = kind(domain)
    if found is not Kind.ORDINARY:
        raise Refusal(str(found.sentence) % {"domain": domain}, 422, found.value)


def _insist_may_give(held: Locked, workspace_ids: Collection[int]) -> None:
    """Nobody lets others have what they do not hold: the role Member, and the lowest one in each workspace."""
    organization = held.organization
    if not roles_of(organization, Scope.ORGANIZATION)[BuiltIn.MEMBER].permissions <= held.facts.permissions:
        raise Reason.GIVES_MORE.refusal()
    wanted = set(workspace_ids)
    alive = Workspace.objects.alive().filter(organization=organization, pk__in=wanted)
    if alive.count() != len(wanted):
        raise Http404
    role = roles_of(organization, Scope.WORKSPACE)[scheme_roles(organization.scheme)[0].id]
    for facts in workspace_facts(organization, held.facts, wanted).values():
        insist(decide(held.facts, Verb.ADD_TO_WORKSPACE, workspace=facts, role=role))


def _record(held: Locked, event: EventKind, join: JoinDomain, *, after: str = "") -> None:
    held.record(event, subject=held.organization.pk, after=after, payload={"domain": join.domain})
