"""What entries of the history keep, as people read it: no codes, no dates of machines, names left as they are."""

import pytest
from django.utils import translation

from workspaces.history import (
    GRANT_CHANGED,
    INVITATION_EDITED,
    ORGANIZATION_CHANGED,
    WORKSPACE_CHANGED,
    EventKind,
    stored_field,
    stored_words,
)

pytestmark = [pytest.mark.once, pytest.mark.claim("P21")]


@pytest.mark.parametrize(
    ("kind", "kept", "field", "english", "german"),
    [
        (ORGANIZATION_CHANGED, "True", "members_propose", "switched on", "eingeschaltet"),
        (ORGANIZATION_CHANGED, "False", "members_propose", "switched off", "ausgeschaltet"),
        (ORGANIZATION_CHANGED, "None", "seats", "no limit", "kein Limit"),
        (ORGANIZATION_CHANGED, "25", "seats", "25", "25"),
        (WORKSPACE_CHANGED, "True", "name", "True", "True"),
        (WORKSPACE_CHANGED, "None", "description", "None", "None"),
        (INVITATION_EDITED, "de", "language", "German", "Deutsch"),
        (GRANT_CHANGED, "Guest until 2026-12-05", None, "Guest until 5 December 2026", "Gast bis 5. Dezember 2026"),
        (GRANT_CHANGED, "Guest until 2026-13-99", None, "Guest until 2026-13-99", "Gast bis 2026-13-99"),
    ],
)  # fmt: skip
def test_what_is_kept_in_english_is_said_in_the_readers_words(
    kind: EventKind, kept: str, field: str | None, english: str, german: str
) -> None:
    with translation.override("en"):
        assert stored_words(kind, kept, field) == english
    with translation.override("de"):
        assert stored_words(kind, kept, field) == german


def test_a_setting_is_called_what_its_page_calls_it() -> None:
    with translation.override("en"):
        assert stored_field("members_propose") == "“members may propose people”"
        assert stored_field("something_new") == "something new"
