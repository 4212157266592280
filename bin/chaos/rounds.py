"""One round: asks for the invitations, disturbs the ground meanwhile, waits for the last mail, and has it judged."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import moods
import servers
from faults import BrokerFaults, Faults, Kills, MailFaults
from ground import ROOT, Ground
from judging import Outcome, judge

ASKING = 20.0  # seconds over which 2,000 invitations are asked for
STEPS = 40  # in so many lists
PATIENCE = 600.0  # seconds until the last mail must be settled
ANSWER = 2.0  # seconds within which a request has to be answered (P20)


@dataclass(frozen=True)
class Round:
    """mail_timeout, in seconds: where nothing disturbs the mail server, a late answer is the machine's fault, and would
    look like a lost one. at_least: seconds of asking, so that the faults fall into it.
    """

    faults: type[Faults] | None
    mail_timeout: float = 20.0
    at_least: float = 0.0
    sink: Path = ROOT / "bin" / "sink.py"


ROUNDS = {
    "none": Round(None),
    "kills": Round(Kills, mail_timeout=1.0),  # a claim then lapses after six
    "broker": Round(BrokerFaults, at_least=24.0),
    "smtp": Round(MailFaults, mail_timeout=3.0, at_least=45.0, sink=ROOT / "bin" / "chaos" / "moody_sink.py"),
}
NAMES = list(ROUNDS)


def run(name: str, folder: Path, number: int) -> int:
    """The exit status."""
    this = ROUNDS[name]
    ground = _ground(folder, this)
    begun = time.monotonic()
    asking = max(ASKING * number / 2000, this.at_least)
    faults = this.faults(ground, asking) if this.faults else None
    with ground:
        if faults:
            faults.start()
        answers = _ask(number, asking, with_moods=name == "smtp")
        deadline = time.monotonic() + PATIENCE
        while _is_in_motion() and time.monotonic() < deadline:
            ground.insist_all_run(workers_too=name != "kills")
            time.sleep(0.5)
        if faults:
            faults.stop()
    outcome = judge(name, ground.journal, number)
    outcome.breaches.extend(faults.breaches if faults else [])
    if isinstance(faults, BrokerFaults):
        outcome.breaches.extend(_too_slow(answers, faults))
    return _say(name, number, time.monotonic() - begun, max(seconds for _at, seconds in answers), ground, outcome)


def _ground(folder: Path, this: Round) -> Ground:
    """With an empty database; Django is set up in this process for the same ground."""
    smtp_port, redis_port = servers.free_port(), servers.free_port()
    os.environ.update(
        DEBUG="1",
        DATA_DIR=str(folder),
        REDIS_URL=f"redis://{servers.LOOPBACK}:{redis_port}/0",
        SMTP_URL=f"smtp://{servers.LOOPBACK}:{smtp_port}",
        MAIL_TIMEOUT=str(this.mail_timeout),
        LOG_LEVEL="ERROR",
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return Ground(folder, dict(os.environ), smtp_port, redis_port, this.sink)


def _ask(number: int, seconds: float, *, with_moods: bool) -> list[tuple[float, float]]:
    """As the web process does it, a few addresses at a time; the broker may be away just then. When each was asked, by
    time.monotonic, and how many seconds the answer took.
    """
    from accounts.actors import Actor, Source
    from accounts.addresses import Pasted
    from accounts.models import User
    from invitations.actions.inviting import invite
    from invitations.asking import Ask
    from workspaces.actions.organizations import create_organization
    from workspaces.catalogue import BuiltIn

    olga = User.objects.create_user("olga@example.org", name="Olga Rossi")
    actor = Actor(user_id=olga.pk, source=Source.COMMAND)
    organization = create_organization(actor=actor, name="Chaos Research")
    addresses = [Pasted(moods.address(one, with_faults=with_moods)) for one in range(number)]
    step = max(1, number // STEPS)
    answers = []
    for first in range(0, number, step):
        begun = time.monotonic()
        report = invite(
            actor=actor,
            organization_id=organization.pk,
            entries=addresses[first : first + step],
            ask=Ask(role_id=BuiltIn.MEMBER, message="Welcome to the study."),
        )
        answers.append((begun, time.monotonic() - begun))
        assert all(line.result.is_good for line in report.lines), report.lines
        time.sleep(max(0.0, seconds * step / number - answers[-1][1]))
    return answers


def _is_in_motion() -> bool:
    """Are there mails that wait for anything but their poison?"""
    from accounts.models import OutgoingMail

    poisoned = f"+{moods.POISON.name}@"
    return OutgoingMail.objects.filter(next_attempt_at__isnull=False).exclude(recipient__contains=poisoned).exists()


def _too_slow(answers: list[tuple[float, float]], faults: BrokerFaults) -> list[str]:
    if faults.hung is None:
        return ["the broker never hung"]
    since, until = faults.hung
    if not any(since <= at < until for at, _seconds in answers):
        return ["nobody asked while the broker hung"]
    return [f"an answer took {seconds:.1f} s" for _at, seconds in answers if seconds > ANSWER]


def _say(name: str, number: int, seconds: float, slowest: float, ground: Ground, outcome: Outcome) -> int:
    for breach in outcome.breaches[:20]:
        print(f"BREACH: {breach}")
    if outcome.breaches:
        print(f"{len(outcome.breaches)} breaches")
        ground.show_logs()
    done = [f"{count} {what}" for what, count in sorted(ground.counts.items())] or ["no faults"]
    done.append(f"slowest answer {slowest:.1f} s")
    print(f"{name}: {number} invitations in {seconds:.0f} s, {', '.join(done)}: {outcome}", flush=True)
    return 1 if outcome.breaches else 0
