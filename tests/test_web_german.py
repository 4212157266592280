"""The product in German: whoever chose it reads no English, by name, by number, by date."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import polib
import pytest
from django.contrib.humanize.templatetags.humanize import intcomma
from django.test import Client
from django.utils import translation

from accounts.models import OutgoingMail, User
from accounts.outbox.letters import Letter, kinds
from accounts.outbox.skeletons import Skeleton
from bin import messages
from config.ui.templatetags.ui import exact
from invitations.models import Invitation
from tests import cast
from tests.stage import Stage
from tests.visiting import Answer, body_of, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import Job

pytestmark = pytest.mark.django_db

SENDING = {"recipient": "jan@new.example", "date": "-", "message_id": "-"}
SAID = {"title", "placeholder", "aria-label", "alt"}


def is_sentence(name: str, value: str) -> bool:
    """Scripts get their words in data attributes, and their codes, which are one small word."""
    return name.startswith("data-") and (" " in value or not value.islower())


class Texts(HTMLParser):
    """Everything that a page says: text between tags, and attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style"}
        said = {value for name, value in attrs if value and (name in SAID or is_sentence(name, value))}
        self.found |= {" ".join(value.split()) for value in said}

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.add(" ".join(data.split()))


def said_by(answer: Answer) -> set[str]:
    texts = Texts()
    texts.feed(body_of(answer))
    return texts.found


@pytest.fixture(scope="module")
def english() -> set[str]:
    """Texts of the catalogue that read differently in German, without those that hold a value."""
    (path,) = messages.catalogues()
    return {
        text
        for entry in polib.pofile(str(path))
        for text in (entry.msgid, entry.msgid_plural)
        if text and html.unescape(text) != entry.msgstr and not re.search(r"%\(|\{", text)
    }


def pages(stage: Stage) -> Iterator[str]:
    ben, nora = stage.member(stage.acme.ben).pk, stage.nora.pk
    for path in (
        "overview/", "members/", "members/?q=zz", "members/filters/", "invite/", "import/", "invitations/",
        "groups/", "groups/new/", "workspaces/", "workspaces/new/", "roles/", "roles/?scope=organization",
        "roles/new/", "history/", "requests/", "resources/", "access/", "jobs/", "leave/", "settings/",
        "settings/ownership/", "settings/danger/", "settings/danger/delete/", "settings/domains/",
        "settings/scheme/?to=managed", f"groups/{stage.data_team.pk}/", f"roles/{stage.deployer.pk}/",
        f"roles/{stage.deployer.pk}/edit/", f"resources/{stage.churn.pk}/", "w/research/members/",
        "w/research/members/add/", "w/research/members/everyone/", "w/research/grants/", "w/research/history/",
        "w/research/settings/", "w/research/settings/delete/", "w/research/resources/",
        *(f"members/{ben}/{act}" for act in ("", "role/", "suspend/", "remove/")),
        *(f"members/{nora}/{act}" for act in ("", "edit/", "resend/", "remove/")),
        *(f"w/research/members/{ben}/{act}" for act in ("", "revoke/", "remove/")),
    ):  # fmt: skip
        yield stage.url(path)
    yield from ("/my/", "/my/organizations/", "/accounts/profile/", "/accounts/addresses/", "/accounts/security/")
    yield from ("/accounts/sessions/", "/accounts/profile/delete/", "/nothing/here/")


def speaks_german(user: User) -> User:
    User.objects.filter(pk=user.pk).update(language="de")
    user.refresh_from_db()
    return user


def test_no_page_says_anything_in_english(stage: Stage, english: set[str]) -> None:
    olga = visitor(speaks_german(stage.acme.olga))
    left = {}
    for address in pages(stage):
        answer = olga.get(address)
        assert answer.status_code in (200, 404), address
        assert '<html lang="de"' in body_of(answer), address
        if found := said_by(answer) & english:
            left[address] = sorted(found)
    assert left == {}


def test_strangers_and_invitees_read_what_their_browser_or_their_invitation_asks_for(
    stage: Stage, english: set[str]
) -> None:
    stranger = visitor(headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"})
    for address in ("/accounts/login/", "/accounts/password/reset/", "/i/unknown", stage.link(stage.to_nora)):
        answer = stranger.get(address)
        assert not said_by(answer) & english, address


def test_roles_states_and_acts_of_the_history_are_said_in_the_readers_language(stage: Stage) -> None:
    german, plain = visitor(speaks_german(stage.acme.olga)), visitor(stage.acme.priya)
    cast.join(
        stage.acme.olga,
        stage.acme.organization,
        User.objects.get(pk=stage.stella.pk),
        places={stage.research.pk: BuiltIn.STANDARD_VIEWER},
    )
    read = words_of(german.get(stage.url("history/")))
    assert "hat die Einladung angenommen Eingeladen Beigetreten" in read
    assert "Mit Leser, Research" in read
    assert "accepted the invitation Invited Joined" in words_of(plain.get(stage.url("history/")))
    assert "Bearbeiter Eingebaut" in words_of(german.get(stage.url("roles/")))


def test_the_mail_of_an_invitation_names_role_and_day_in_its_language(stage: Stage) -> None:
    invitation = cast.invite(
        stage.acme.olga,
        stage.acme.organization,
        "jan@new.example",
        places={stage.research.pk: BuiltIn.STANDARD_VIEWER},
    )
    Invitation.objects.filter(pk=invitation.pk).update(language="de")
    mail = OutgoingMail.objects.get(subject_id=invitation.pk, recipient="jan@new.example")
    letter = kinds[mail.kind].letters([mail])[mail.pk]
    assert isinstance(letter, Letter)
    text = Skeleton(letter.wording).fill({**letter.values, **SENDING})
    plain = message_from_bytes(text, policy=policy.default).get_body(("plain",))
    assert plain is not None
    words = plain.get_content()
    assert "Sie werden Leser in Research." in words
    assert re.search(r"Bis: [A-Z][a-z]+, \d+\. [A-Z]\w+ \d{4}, \d\d:\d\d UTC", words)


def test_numbers_and_dates_are_written_in_german() -> None:
    with translation.override("de"):
        assert intcomma(12345) == "12.345"
        assert exact(datetime(2026, 11, 21, 18, 40, tzinfo=UTC)) == "Sa, 21. Nov 2026, 18:40 UTC"


# --- what an action keeps is said in the language of whoever reads it, not of whoever acted


WORDS = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")

PLAN = (
    "email,role,groups,workspaces\nno-address,,,\nb@x.example,Membr,,\nc@x.example,,Data teem,\na..b@x.example,,,\n"
    "d@x.example,,,Research\ne@x.example,,Data team,Research: Viewer\nben@acme.example,,Data team,Research: Admin\n"
)


@pytest.fixture(scope="module")
def german() -> set[str]:
    (path,) = messages.catalogues()
    same = {text for entry in polib.pofile(str(path)) for text in (entry.msgid, entry.msgid_plural)}
    texts = {
        html.unescape(text)
        for entry in polib.pofile(str(path))
        for text in (entry.msgstr, *entry.msgstr_plural.values())
    }
    return {text for text in texts - same if text and not WORDS.search(text)}


def act_on_everything(stage: Stage, client: Client) -> None:
    """A bulk change, an import with all kinds of trouble, a resource's level, an invitation's end: what keeps words."""
    ben = stage.member(stage.acme.ben).pk
    posts: dict[str, dict[str, Any]] = {
        "members/bulk/role/apply/": {"member": [ben], "role": int(BuiltIn.GUEST)},
        "members/bulk/workspace/apply/": {
            "member": [ben],
            "workspace": stage.acme.default.pk,
            "workspace_role": int(BuiltIn.STANDARD_VIEWER),
        },
        "import/": {"pasted": PLAN, "role": int(BuiltIn.MEMBER), "expires": 7, "language": "en"},
        f"members/{stage.nora.pk}/edit/": {
            "address": "nora@new.example",
            "role": int(BuiltIn.MEMBER),
            "expires": 3,
            "language": "en",
        },
    }
    answers = {path: client.post(stage.url(path), data) for path, data in posts.items()}
    assert {answer.status_code for answer in answers.values()} == {303}
    assert client.post(f"{answers['import/'].headers['Location']}confirm/").status_code == 303
    mia = visitor(User.objects.get(pk=stage.acme.mia.pk))
    assert mia.post(stage.url(f"resources/{stage.churn.pk}/access/"), {"access": "view"}).status_code == 303


@pytest.mark.parametrize(("acting", "reading"), [("de", "en"), ("en", "de")])
def test_what_was_done_in_one_language_is_read_in_another(
    stage: Stage, acting: str, reading: str, english: set[str], german: set[str]
) -> None:
    User.objects.update(language=acting)
    act_on_everything(stage, visitor(User.objects.get(pk=stage.acme.olga.pk)))
    User.objects.update(language=reading)
    reader = visitor(User.objects.get(pk=stage.acme.olga.pk))
    foreign = german if reading == "en" else english
    pages = [stage.url("jobs/"), stage.url("history/"), *(stage.url(f"jobs/{job.pk}/") for job in Job.objects.all())]
    said = {page: said_by(reader.get(page)) for page in pages}
    assert {page: sorted(texts & foreign) for page, texts in said.items() if texts & foreign} == {}
    everything = " ".join(" ".join(texts) for texts in said.values())
    expected = {
        "en": ("Update role to Guest", "Add as Viewer, default", "Import of a pasted list", "There is no @ in it.",
               "There is no group “Data teem”. Did you mean “Data team”?",
               "There is no organization role “Membr”. Did you mean “Member”?",
               "An email address cannot have two periods in a row.", "Invited: Viewer in Research, Data team",
               "Locked: members view"),
        "de": ("Rolle zu Gast ändern", "Hinzufügen als Leser, default", "Import einer eingefügten Liste",
               "Darin fehlt das @.", "Es gibt keine Gruppe „Data teem“. Meinten Sie",
               "Es gibt keine Organisationsrolle „Membr“. Meinten Sie „Member“?",
               "Eine Adresse darf nicht zwei Punkte hintereinander haben.", "Eingeladen: Leser in Research, Data team",
               "Schreibgeschützt: Mitglieder sehen"),
    }  # fmt: skip
    assert [words for words in expected[reading] if words not in everything] == []
    other = expected["de" if reading == "en" else "en"]
    assert [words for words in other if words in everything] == []
