"""The members table over HTTP: what it shows, finds, narrows, orders and pages, at the same cost for many."""

import random
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import OutgoingMail, User
from accounts.models.mails import FINISHED, MailState
from tests import cast
from tests.stage import Stage, crowd
from tests.visiting import HTMX, Answer, body_of, link_of, queries_of, rows_of, taken_back, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import Activity, Member
from workspaces.names import NEVER
from workspaces.queries.member_sql import Cursor

PAGE = 50


def members_page(stage: Stage, client: Client, **query: Any) -> Answer:
    return client.get(stage.url(f"members/?{urlencode(query, doseq=True)}"))


def found(stage: Stage, client: Client, **query: Any) -> set[str]:
    """First names of those whom the table shows."""
    shown = Member.objects.filter(pk__in=rows_of(members_page(stage, client, **query)))
    return {address.partition("@")[0] for address in shown.values_list("address", flat=True)}


def row_of(page: Answer, member: Member) -> str:
    [row] = re.findall(rf'(?s)<tr id="m{member.pk}".*?</tr>', body_of(page))
    return str(row)


EVERYBODY = {"olga", "priya", "mia", "ben", "tom", "max", "lena", "sven", "ina", "nora"}


@pytest.mark.row("L5", "I24", "I32", "A2", "A7", "A8", "A18", "A19", "D25")
def test_invited_and_joined_people_stand_in_one_list_with_role_access_groups_and_state(
    stage: Stage, olga: Client
) -> None:
    page = members_page(stage, olga, columns=["role", "access", "groups", "state", "active", "added"])
    assert found(stage, olga) == EVERYBODY
    words = words_of(page)
    assert "Members 10 Explore access Import Invite people" in words
    assert re.search(
        r"Max Muster max@acme.example Member Editor in 1, Viewer in 1 via everyone Data team Joined", words
    )
    assert re.search(
        r"Mia Chen mia@acme.example Member Admin in 1, Editor in 1 direct, .*Joined|Mia Chen .* Joined", words
    )
    assert "Tom Guest tom@guest.example Guest No workspace yet" in words
    assert "Sven Still sven @acme.example Member No access while suspended" in words
    assert re.search(r"nora @new.example Invited by Olga Owner Member .* once accepted – Invited · queued", words)
    assert "They own the organization. Ownership has to be transferred first." in row_of(
        page, stage.acme.member(stage.acme.olga)
    )


@pytest.mark.row("I54")
@pytest.mark.parametrize(
    ("term", "people"),
    [
        ("max", {"max"}),
        ("muster", {"max"}),
        ("uste", {"max"}),
        ("MÜSTER", {"max"}),
        ("ben@acme", {"ben"}),
        ("new.example", {"nora"}),
        ("data", {"max"}),
        ("m", {"mia", "max"}),
        ("nobody at all", set()),
        ("100%", set()),
        ("_", set()),
    ],
)
def test_search_finds_by_name_address_and_group_at_the_beginning_and_inside(
    stage: Stage, olga: Client, term: str, people: set[str]
) -> None:
    assert found(stage, olga, q=term) == people


def test_whoever_finds_nobody_is_told_what_was_asked_and_offered_to_clear_it(stage: Stage, olga: Client) -> None:
    words = words_of(members_page(stage, olga, q="zz<b>", role=BuiltIn.GUEST))
    assert "Nobody matches Searched for “zz<b>”. Role: Guest . Clear search and filters" in words
    assert "0 matching" in words


@pytest.mark.row("I32", "A8")
def test_each_filter_narrows_and_together_they_all_hold(stage: Stage, olga: Client) -> None:
    acme = stage.acme
    Authenticator.objects.create(user=acme.priya, type=Authenticator.Type.TOTP, data={})
    Activity.objects.filter(member=acme.member(acme.mia)).update(last_active_at=timezone.now() - timedelta(days=40))
    cast.expire(stage.to_nora)
    joined = EVERYBODY - {"sven", "ina", "nora"}
    narrowed = {
        ("state", "joined"): joined,
        ("state", "suspended"): {"sven"},
        ("state", "invited"): {"ina"},
        ("state", "expired"): {"nora"},
        ("state", "declined"): set(),
        ("role", BuiltIn.ADMIN): {"olga", "priya"},
        ("role", BuiltIn.GUEST): {"tom"},
        ("group", stage.data_team.pk): {"max"},
        ("workspace", stage.research.pk): {"mia"},
        ("two_factor", "on"): {"priya"},
        ("two_factor", "off"): joined - {"priya"} | {"sven"},
        ("active", "7"): {"olga"},
        ("active", "-30"): EVERYBODY - {"olga"},
    }
    members_page(stage, olga)  # Olga is seen
    assert {each: found(stage, olga, **dict([each])) for each in narrowed} == narrowed
    assert found(stage, olga, state=["joined", "suspended"], role=BuiltIn.MEMBER, q="s") == {"sven"}


def test_chips_say_the_filters_and_their_links_take_one_away(stage: Stage, olga: Client) -> None:
    page = members_page(stage, olga, q="m", state="joined", group=stage.data_team.pk)
    words = words_of(page)
    assert "State Joined" in words
    assert "Group Data team" in words
    [without] = re.findall(r'href="([^"]+)" hx-get="[^"]+" aria-label="Remove the filter Group', body_of(page))
    assert "group" not in without
    assert rows_of(olga.get(without.replace("&amp;", "&"))) != rows_of(page)
    assert "10 matching" not in words
    assert "1 matching" in words


def test_the_filter_panel_is_a_page_too_and_keeps_search_and_order(stage: Stage, olga: Client) -> None:
    panel = olga.get(stage.url("members/filters/?q=ma&sort=-added&role=2"))
    words = body_of(panel)
    assert 'name="q" value="ma"' in words
    assert 'name="sort" value="-added"' in words
    assert "Data team" in words_of(panel)
    partial = olga.get(stage.url("members/filters/"), headers=HTMX)
    assert "<html" not in body_of(partial)


def test_rubbish_in_the_query_is_left_out_and_never_breaks_the_page(stage: Stage, olga: Client) -> None:
    rubbish = ["x", "-1", "0", "9" * 40, "' OR 1=1 --", "\x00", "\u202e", "%", "WyJhIl0", "bnVsbA", "e30", "🙂" * 300]
    for name in ("q", "state", "role", "group", "workspace", "two_factor", "active", "sort", "columns", "page"):
        for value in rubbish:
            assert members_page(stage, olga, **{name: value}).status_code == 200, (name, value)


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("added", "2026-02-30T00:00:00Z"),
        ("added", "0001-01-01T00:00:00+14:00"),
        ("active", "9999-12-31T23:59:59-14:00"),
        ("name", "\ud800"),
        ("address", "\x00"),
    ],
)
def test_a_page_after_what_no_row_can_be_is_answered_all_the_same(
    stage: Stage, olga: Client, sort: str, value: str
) -> None:
    assert members_page(stage, olga, sort=sort, page=Cursor(0, value, 1).encode()).status_code == 200


def test_people_choose_their_columns(stage: Stage, olga: Client) -> None:
    heads = {
        chosen: re.findall(r'<th scope="col" class="c-(\w+)"', body_of(members_page(stage, olga, columns=chosen)))
        for chosen in [("role", "added"), ("state",), ()]
    }
    assert heads[("role", "added")] == ["role", "added"]
    assert heads[("state",)] == ["state"]
    assert heads[()] == ["role", "access", "groups", "state", "active"]


def test_htmx_gets_the_region_with_the_count_and_everybody_else_the_page(stage: Stage, olga: Client) -> None:
    region = body_of(olga.get(stage.url("members/?q=ma"), headers=HTMX))
    assert region.lstrip().startswith('<div id="members"')
    assert 'id="count" hx-swap-oob="true">1 matching<' in region
    restored = olga.get(stage.url("members/"), headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<!doctype html" in body_of(restored)


# --- order and pages


def walk(stage: Stage, client: Client, **query: Any) -> list[list[int]]:
    """All pages from the first to the last, by the pager's own links; then back, which must show the same."""
    page = members_page(stage, client, **query)
    assert link_of(page, "prev") is None
    pages = [rows_of(page)]
    while url := link_of(page, "next"):
        page = client.get(url)
        pages.append(rows_of(page))
    back = [rows_of(page)]
    while url := link_of(page, "prev"):
        page = client.get(url)
        back.append(rows_of(page))
    assert back[::-1] == pages
    return pages


SORTS = ["name", "-name", "address", "-address", "added", "-added", "active", "-active"]
NAMES = st.lists(st.text("aäbß zZ中-", max_size=3), min_size=PAGE + 1, max_size=3 * PAGE)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=NAMES, seed=st.integers(0, 10**6), sort=st.sampled_from(SORTS))
def test_pages_show_everybody_once_in_order_forwards_and_back(
    stage: Stage, names: list[str], seed: int, sort: str
) -> None:
    with taken_back():
        chance = random.Random(seed)
        ids = crowd(stage, [(f"p{n}@crowd.example", name.strip(" -")) for n, name in enumerate(names)])
        # Moments with many ties, which only the id tells apart.
        for member_id in ids:
            moment = NEVER + timedelta(days=chance.randrange(4))
            Activity.objects.filter(member=member_id).update(last_active_at=moment)
        pages = walk(stage, visitor(stage.acme.priya), sort=sort)
        assert [len(page) for page in pages[:-1]] == [PAGE] * (len(pages) - 1)
        shown = [member_id for page in pages for member_id in page]
        assert sorted(shown) == sorted(stage.acme.organization.members.values_list("pk", flat=True))
        assert_in_order(shown, sort)


def assert_in_order(ids: list[int], sort: str) -> None:
    members = Member.objects.select_related("directory", "activity").in_bulk(ids)

    def key(member_id: int) -> tuple[Any, int]:
        member = members[member_id]
        values = {
            "name": member.directory.sort_name.encode(),
            "address": member.address.encode(),
            "added": member.directory.since,
            "active": member.activity.last_active_at,
        }
        return values[sort.removeprefix("-")], member_id

    keys = [key(member_id) for member_id in ids]
    assert all((a > b) if sort.startswith("-") else (a < b) for a, b in pairwise(keys))


def test_a_search_shows_names_that_begin_so_first_and_pages_through_all_matches(stage: Stage, olga: Client) -> None:
    prefixed = set(crowd(stage, [(f"a{n}@crowd.example", f"Jan {n:03}") for n in range(70)]))
    inside = set(crowd(stage, [(f"b{n}@crowd.example", f"Ada Jan {n:03}") for n in range(70)]))
    shown = [member_id for page in walk(stage, olga, q="jan") for member_id in page]
    assert len(shown) == 140
    assert set(shown[:70]) == prefixed
    assert set(shown[70:]) == inside
    assert "140 matching" in words_of(members_page(stage, olga, q="jan"))


def test_whoever_leaves_or_comes_while_one_pages_shifts_nobody(stage: Stage, olga: Client) -> None:
    ids = crowd(stage, [(f"p{n}@crowd.example", f"Person {n:03}") for n in range(60)])
    first = members_page(stage, olga, q="person")
    revoked = rows_of(first)[3]
    assert olga.post(stage.url(f"members/{revoked}/remove/")).status_code == 303
    crowd(stage, [("early@crowd.example", "Person 000 a")])
    following = link_of(first, "next")
    assert following
    assert rows_of(olga.get(following)) == sorted(ids)[50:]


# --- cost


@pytest.mark.parametrize("query", ["", "?q=person", "?state=invited&sort=-active"])
def test_the_page_asks_the_database_as_often_for_twice_as_many_and_at_most_six_times(
    stage: Stage, olga: Client, query: str
) -> None:
    crowd(stage, [(f"p{n}@crowd.example", f"Person {n}") for n in range(20)])
    few = queries_of(olga, stage.url(f"members/{query}"))
    crowd(stage, [(f"q{n}@crowd.example", f"Person {n + 20}") for n in range(20)])
    many = queries_of(olga, stage.url(f"members/{query}"))
    assert len(many) == len(few) <= 6, [each[:400] for each in many]


# --- what moves


@pytest.mark.row("A20")
@pytest.mark.claim("P19")
def test_while_a_mail_is_in_motion_the_table_asks_again_by_itself_and_then_no_more(stage: Stage, olga: Client) -> None:
    def polls() -> bool:
        return "every 5s" in body_of(members_page(stage, olga))

    assert polls()
    OutgoingMail.objects.update(state=MailState.SENT, finished_at=timezone.now(), next_attempt_at=None)
    assert not polls()


@pytest.mark.row("A8", "A21")
@pytest.mark.claim("P19", "P9")
def test_the_state_says_what_became_of_the_mail_in_the_servers_words(stage: Stage, olga: Client) -> None:
    now = timezone.now()

    def said(state: MailState, reply: str = "") -> str:
        ended = state in FINISHED
        OutgoingMail.objects.filter(recipient="nora@new.example").update(
            state=state, reply=reply, finished_at=now if ended else None, next_attempt_at=None if ended else now
        )
        [cell] = re.findall(r'(?s)<td class="c-state">(.*?)</td>', row_of(members_page(stage, olga), stage.nora))
        return re.sub(r"<[^>]+>", "", cell)

    assert "queued" in said(MailState.QUEUED)
    assert "sending" in said(MailState.SENDING)
    assert "sent now" in said(MailState.SENT).lower()
    greylisted = said(MailState.RETRYING, "451 4.7.1 Greylisted")
    assert "retrying" in greylisted
    assert "451 4.7.1 Greylisted" in greylisted
    refused = said(MailState.FAILED, "550 5.1.1 No such <user>")
    assert "refused 550" in refused
    assert "550 5.1.1 No such &lt;user&gt;" in refused
    assert "unconfirmed" in said(MailState.UNCONFIRMED)


@pytest.mark.row("L6")
def test_members_see_the_list_without_acts_and_the_policy_can_close_it(stage: Stage) -> None:
    member = visitor(stage.max)
    page = body_of(members_page(stage, member))
    assert "Invite people" not in page
    assert not re.search(r'<a class="r-act" href="[^"]*(edit|remove|resend)/', page)
    stage.acme.organization.members_see_members = False
    stage.acme.organization.save()
    closed = members_page(stage, member)
    assert closed.status_code == 403
    assert "Your role does not include this." in words_of(closed)
    assert members_page(stage, visitor(stage.acme.priya)).status_code == 200


def test_somebody_blocked_stands_in_the_list_as_blocked(stage: Stage, olga: Client) -> None:
    User.objects.filter(pk=stage.max.pk).update(is_active=False)
    assert re.search(r"Max Muster .*?Blocked", words_of(members_page(stage, olga)))
