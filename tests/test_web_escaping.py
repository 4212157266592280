"""A name is text wherever it stands (P17): of organization, people, groups and workspaces, and messages, too."""

import re

import pytest
from django.test import Client

from tests import cast
from tests.people import person
from tests.stage import link_to
from tests.visiting import HTMX, body_of, visitor, words_of
from workspaces.catalogue import BuiltIn

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=y>{{7*7}}&amp;"


@pytest.mark.django_db
@pytest.mark.claim("P17")
def test_a_name_with_markup_is_text_on_every_page(client: Client) -> None:
    user, other = person("evil@x.example", EVIL), person("other@x.example", EVIL)
    organization = cast.found(user, EVIL)
    member = cast.join(user, organization, other)
    group = cast.group_of(user, organization, EVIL, member)
    workspace = cast.workspace_in(organization, EVIL)
    cast.place(user, member, workspace, BuiltIn.STANDARD_VIEWER)
    places = {workspace.pk: BuiltIn.STANDARD_VIEWER}
    invitation = cast.invite(user, organization, "new@x.example", groups=[group.pk], message=EVIL, places=places)
    here, browser = f"/o/{organization.slug}/", visitor(user)
    one = f"{here}members/{member.pk}/"
    pages = [
        *(f"{here}{path}" for path in ("members/", "members/filters/", "invite/", "history/", "leave/", "settings/")),
        *(f"{here}settings/{path}" for path in ("ownership/", "ownership/transfer/", "danger/", "danger/delete/")),
        *(f"{here}members/?{query}" for query in (f"group={group.pk}", f"workspace={workspace.pk}")),
        *(f"{one}{path}" for path in ("", "role/", "edit/", "suspend/", "remove/")),
        *(f"{here}members/{invitation.member_id}/{path}" for path in ("", "resend/", "edit/", "remove/")),
        *("/my/", "/my/organizations/", "/accounts/profile/", "/accounts/sessions/"),
    ]
    answers = {path: browser.get(path) for path in pages}
    answers |= {f"{path} under htmx": browser.get(path, headers=HTMX) for path in pages}
    for act in ("suspend", "remove", "role", "group", "workspace"):
        answers[act] = browser.post(
            f"{here}members/bulk/{act}/", {"member": member.pk, "role": BuiltIn.GUEST, "group": group.pk}
        )
    answers["search"] = browser.get(f"{here}members/", {"q": EVIL})
    answers["the toast"] = browser.post(f"{one}suspend/", follow=True)
    answers["suspended"] = visitor(other).get(f"{here}members/")
    answers["the invitee's card"] = client.get(link_to(invitation), follow=True)
    answers["sign-up"] = client.get("/accounts/signup/", follow=True)
    unescaped = [
        name for name, answer in answers.items() if re.search(r"<script>alert|<img src=x|49&amp;", body_of(answer))
    ]
    assert unescaped == []
    showing = ["search", "the toast", "suspended", "suspend", "the invitee's card", "/my/", f"{here}history/"]
    assert [name for name in showing if "<script>alert(1)</script>" not in words_of(answers[name])] == []
