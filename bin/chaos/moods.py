"""What the SMTP server of the round "smtp" does to some recipients, and what has to become of their mails.

The address says it: person12+greylisted@example.org. Knows neither Django nor SMTP.
"""

from dataclasses import dataclass

EVERY = 9  # one recipient in so many meets a fault


@dataclass(frozen=True, slots=True)
class Mood:
    """fault: what the server does; at: to which command ("rcpt" or "data"); times: how often, before it accepts.

    state, copies: what the row says and the server has taken at the end; hand_overs: those without a sure refusal.
    words: how the row's recorded attempt begins.
    """

    name: str
    at: str
    fault: str
    times: int
    state: str
    copies: int
    hand_overs: int
    words: str


ALWAYS = 1_000_000
UNANSWERED = "No answer after the message was handed over"
BROKEN = "Connection unexpectedly closed"

# A session that breaks off before DATA is tried once more at once, over another connection: hence "twice".
MOODS = {
    mood.name: mood
    for mood in (
        Mood("greylisted", "rcpt", "451 4.7.1 Greylisted, come back", 1, "sent", 1, 1, "451 4.7.1 Greylisted"),
        Mood("busy", "data", "451 4.3.0 Too busy for this", 1, "sent", 1, 1, "451 4.3.0 Too busy"),
        Mood("unknown", "rcpt", "550 5.1.1 No such person here", ALWAYS, "failed", 0, 0, "550 5.1.1 No such"),
        Mood("unwanted", "data", "554 5.6.0 We do not like it", ALWAYS, "failed", 0, 0, "554 5.6.0 We do not"),
        Mood("silent", "rcpt", "hang", 2, "sent", 1, 1, BROKEN),
        Mood("swallowing", "data", "hang", 1, "sent", 2, 2, UNANSWERED),
        Mood("devouring", "data", "hang", ALWAYS, "unconfirmed", 2, 2, UNANSWERED),
        Mood("dripping", "rcpt", "drip", 2, "sent", 1, 1, BROKEN),
        Mood("stuttering", "data", "drip", 1, "sent", 2, 2, UNANSWERED),
        Mood("rude", "rcpt", "drop", 2, "sent", 1, 1, BROKEN),
        Mood("abrupt", "within", "drop", 1, "sent", 1, 2, UNANSWERED),
        Mood("forgetful", "data", "drop", 1, "sent", 2, 2, UNANSWERED),
    )
}
POISON = Mood("poison", "rcpt", "drop", ALWAYS, "retrying", 0, 0, BROKEN)


def address(number: int, *, with_faults: bool) -> str:
    """The recipient of this number; the first of all is poison, which must not hold up the others."""
    name = ""
    if with_faults and number == 0:
        name = POISON.name
    elif with_faults and number % EVERY == EVERY // 2:
        names = list(MOODS)
        name = names[number // EVERY % len(names)]
    return f"person{number}{f'+{name}' if name else ''}@example.org"


def mood_of(recipient: str) -> Mood | None:
    name = recipient.partition("@")[0].partition("+")[2]
    return POISON if name == POISON.name else MOODS.get(name)
