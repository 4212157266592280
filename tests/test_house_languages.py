"""German: every text of the product has its translation, and the compiled catalogues are those of the sources."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

from bin import messages

pytestmark = pytest.mark.once

TOOLS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%|</?\w[^>]*>|&\w+;")
"""What a translation has to keep as it is: placeholders, HTML, entities."""


def kept(text: str) -> list[str]:
    return sorted(TOOLS.findall(text))


@pytest.fixture(params=messages.catalogues(), ids=lambda path: path.parent.parent.name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {path.parent.parent.name for path in messages.catalogues()} == {code for code, _ in settings.LANGUAGES} - {
        "en"
    }


def test_every_text_of_code_and_templates_is_in_the_catalogue_and_no_other(path: Path) -> None:
    known = {messages.key(entry) for entry in polib.pofile(str(path))}
    found = set(messages.collect())
    assert sorted(found - known) == [], "Run make messages, then translate."
    assert sorted(known - found) == [], "Run make messages."


def test_every_text_is_translated(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


def test_translations_keep_placeholders_and_html(path: Path) -> None:
    pairs = [
        pair
        for entry in polib.pofile(str(path))
        for pair in (
            [(entry.msgid, entry.msgstr_plural[0]), (entry.msgid_plural, entry.msgstr_plural[1])]
            if entry.msgid_plural
            else [(entry.msgid, entry.msgstr)]
        )
    ]
    assert [(text, translated) for text, translated in pairs if kept(text) != kept(translated)] == []


def test_the_compiled_catalogue_is_that_of_its_source(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == messages.compiled(polib.pofile(str(path))), "Run make messages."


def test_what_is_extracted_from_code_and_templates() -> None:
    code = """
from django.utils.translation import gettext as _, ngettext as count, pgettext_lazy
_("One " "text")
count("%(n)s row", "%(n)s rows", n)
pgettext_lazy("of a door", "Open")
_(variable)
gettext("not imported")
"""
    assert list(messages.of_python(code)) == [
        messages.Message("One text"),
        messages.Message("%(n)s row", "%(n)s rows"),
        messages.Message("Open", context="of a door"),
    ]
    template = """{% translate "It's \\"so\\"" as x %}{{ _("in a tag") }}{% blocktranslate count n=n trimmed %}
    {{ n }} row, 100%
    {% plural %}
    {{ n }} rows
    {% endblocktranslate %}{% translate 'Open' context "of a door" %}not {% if a == "this" %}{% endif %}"""
    found = list(messages.of_template(template.replace('\\"so\\"', "so")))
    assert found == [
        messages.Message("It's so"),
        messages.Message("in a tag"),
        messages.Message("%(n)s row, 100%%", "%(n)s rows"),
        messages.Message("Open", context="of a door"),
    ]
