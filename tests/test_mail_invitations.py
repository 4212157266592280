"""The mail that asks somebody in: what it says, to whom, with which link, and when it is not sent any more."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts import outbox
from accounts.actors import Actor, Source
from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from invitations.actions.inviting import invite
from invitations.asking import Ask
from invitations.emails.invitations import PLACES, InvitationWording, link_of
from invitations.models import Invitation
from invitations.queries.invitations import invitation_by_token
from tests.people import person
from tests.smtp import Post
from workspaces.actions.organizations import create_organization
from workspaces.catalogue import BuiltIn
from workspaces.models import Organization, Workspace

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingMail.State


@pytest.fixture
def olga() -> User:
    return person("olga.rossi@acme.example", "Olga Rossi")


@pytest.fixture
def acme(olga: User) -> Organization:
    return create_organization(actor=Actor(olga.pk, Source.WEB), name="Acme Research")


def ask(olga: User, acme: Organization, *addresses: str, message: str = "", **places: Any) -> None:
    invite(
        actor=Actor(olga.pk, Source.WEB),
        organization_id=acme.pk,
        entries=[Pasted(address) for address in addresses],
        ask=Ask(role_id=BuiltIn.MEMBER, message=message, **places),
    )


def read(post: Post, address: str) -> tuple[str, str]:
    text, html = (part.get_content() for part in post.messages_to(address)[-1].iter_parts())
    return text.replace("\r\n", "\n"), html


@pytest.mark.row("L7", "A5", "I27")
def test_it_says_who_asks_whom_to_what_and_until_when(post: Post, olga: User, acme: Organization) -> None:
    workspace = Workspace.objects.get(organization=acme, slug="default")
    workspace.name = "Clinical trials"
    workspace.save()
    placements = {workspace.pk: BuiltIn.STANDARD_ADMIN.value}
    ask(olga, acme, "hina@acme.example", message="Lena will show you round.\nOn Monday.", placements=placements)
    invitation = Invitation.objects.get()

    assert outbox.drain() == {"sent": 1}

    [message] = post.messages_to("hina@acme.example")
    text, html = read(post, "hina@acme.example")
    until = f"{invitation.expires_at:%A} {invitation.expires_at.day} {invitation.expires_at:%B %Y, %H:%M} UTC"
    assert message["Subject"] == "Olga Rossi invites you to join Acme Research"
    assert message["From"] == "Olga Rossi via Acme Research <roster@mail.example.com>"
    assert "You will be Admin in Clinical trials." in text
    assert "You will be <strong>Admin</strong> in <strong>Clinical trials</strong>." in html
    assert "> Lena will show you round.\n> On Monday." in text
    assert re.search(r"Lena will show you round\.<br ?/?>On Monday\.", html)
    for words in ("Acme Research", "hina@acme.example", until, "Olga Rossi, olga.rossi@acme.example"):
        assert words in text
        assert words in html
    link = link_of(invitation)
    assert f"\n{link}\n" in text
    assert set(re.findall(r'href="([^"]+)"', html)) == {link}


@pytest.mark.claim("P5")
def test_each_gets_a_link_of_their_own_that_leads_to_their_invitation(
    post: Post, olga: User, acme: Organization
) -> None:
    addresses = [f"person{number}@example.org" for number in range(30)]
    ask(olga, acme, *addresses)
    outbox.drain()

    for address in addresses:
        text, _ = read(post, address)
        [token] = re.findall(r"/i/([\w-]+)", text)
        found = invitation_by_token(token)
        assert found is not None
        assert (found[0].address, found[1]) == (address, 1)


@pytest.mark.claim("P5")
def test_no_row_holds_anything_of_the_token(post: Post, olga: User, acme: Organization) -> None:
    ask(olga, acme, "hina@acme.example")
    outbox.drain()
    token = link_of(Invitation.objects.get()).rpartition("/i/")[2].strip("/")
    for row in (*Invitation.objects.values(), *OutgoingMail.objects.values()):
        for value in map(str, row.values()):
            assert token not in value
            assert token[24:] not in value


@pytest.mark.claim("P17")
def test_what_users_wrote_is_escaped_and_becomes_no_link(post: Post, olga: User, acme: Organization) -> None:
    User.objects.filter(pk=olga.pk).update(name="<b>Olga</b> visit evil.com")
    acme.name = "http://evil.example & <i>Sons</i>"
    acme.save()
    ask(olga, acme, "hina@acme.example", message='<a href="https://evil.example/x">www.evil.com</a> &amp; {{ link }}')
    outbox.drain()

    [message] = post.messages_to("hina@acme.example")
    text, html = read(post, "hina@acme.example")
    link = link_of(Invitation.objects.get())
    assert set(re.findall(r'href="([^"]+)"', html)) == {link}
    for markup in ("<b>Olga", "<i>Sons", "<a href=&quot;"):
        assert markup not in html
    for name in ("evil.com", "evil.example", "://evil"):
        assert name not in text
        assert name not in html
        assert name not in message["Subject"]
        assert name not in message["From"]
    assert "{{ link }}" in text
    assert message["From"].addresses[0].addr_spec == "roster@mail.example.com"


@pytest.mark.claim("P17")
def test_many_places_are_counted_and_not_listed() -> None:
    places = tuple(("Viewer", f"Workspace {number}") for number in range(PLACES + 3))
    wording = InvitationWording("Acme", "Olga", "olga@example.org", "Member", places, ("Data team",), "")

    assert len(wording.first_workspaces) == PLACES
    assert wording.more_places == 3


@pytest.mark.claim("P19")
@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": Now()},
        {"declined_at": Now()},
        {"accepted_at": Now()},
        {"expires_at": Now() - timedelta(seconds=1)},
        {"generation": F("generation") + 1},
        {"address": "hina@second.example"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_mail_that_has_become_wrong_is_cancelled(
    post: Post, olga: User, acme: Organization, changes: dict[str, Any]
) -> None:
    ask(olga, acme, "hina@acme.example")
    Invitation.objects.update(**changes)

    assert outbox.drain() == {"stale": 1}

    row = OutgoingMail.objects.get()
    assert row.state == State.CANCELLED
    assert row.reply
    assert post.copies == []


def test_an_invitation_whose_inviter_is_gone_still_reads_well(post: Post, olga: User, acme: Organization) -> None:
    ask(olga, acme, "hina@acme.example")
    Invitation.objects.update(inviter=None, inviter_name="")

    outbox.drain()

    [message] = post.messages_to("hina@acme.example")
    assert message["Subject"] == "You are invited to join Acme Research"
    assert message["From"] == "Acme Research <roster@mail.example.com>"
    assert "Invited by" not in read(post, "hina@acme.example")[0]


def test_a_batch_costs_the_same_number_of_queries_for_ten_and_for_twenty_people(
    post: Post, olga: User, acme: Organization, django_assert_num_queries: Any
) -> None:
    from accounts.outbox import letters

    ask(olga, acme, *(f"person{number}@example.org" for number in range(20)))
    mails = list(OutgoingMail.objects.all())
    kind = letters.kinds["invitation"]
    for count in (10, 20):
        with django_assert_num_queries(6):
            assert len(kind.letters(mails[:count])) == count
