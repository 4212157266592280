"""German: every text of the product has its translation, and the compiled catalogues are those of the sources."""

import ast
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


KEEPERS = {
    "record",
    "record_set",
    "record_acts",
    "cancel",
    "cancel_mails",
    "RowResult",
    "Stale",
    "settle",
    "start_job",
    "plan_job",
}
ROWS = {"create", "bulk_create", "update", "update_or_create", "get_or_create", "Entry", "Label", "JobRow", "Job"}
"""What writes rows: under actions nothing else has these names."""


def translated_words_that_are_kept(source: str, keepers: set[str]) -> list[str]:
    """Calls that write, with a text among their arguments that is in the language of the moment."""
    tree = ast.parse(source)
    spoken = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if "gettext" in alias.name and not alias.name.endswith("_noop")
    }

    def name_of(node: ast.expr) -> str:
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

    return [
        ast.unparse(call)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and name_of(call.func) in keepers
        for inner in ast.walk(call)
        if isinstance(inner, ast.Call)
        and (name_of(inner.func) in spoken or re.fullmatch(r"get_\w+_display", name_of(inner.func)))
    ]


def test_nothing_is_kept_in_the_language_of_whoever_acts() -> None:
    found = {
        path.as_posix(): words
        for app in messages.CODE
        for path in (messages.ROOT / app).rglob("*.py")
        if (
            words := translated_words_that_are_kept(
                path.read_text(), KEEPERS | (ROWS if "actions" in path.parts else set())
            )
        )
    }
    assert found == {}
    head = "from django.utils.translation import gettext as _, gettext_noop\n"
    assert translated_words_that_are_kept(f"{head}held.record(KIND, after=_('Done') % words)", KEEPERS)
    assert translated_words_that_are_kept(f"{head}held.record(KIND, after=row.get_level_display())", KEEPERS)
    assert not translated_words_that_are_kept(f"{head}cancel(KIND, ids, reason=gettext_noop('Done'))", KEEPERS)


def test_what_is_extracted_from_code_and_templates() -> None:
    code = """
from django.utils.translation import gettext as _, ngettext as count, pgettext_lazy
from config.sentences import Sentence
Sentence("%(name)s is kept", name="Mia")
_("One " "text")
count("%(n)s row", "%(n)s rows", n)
pgettext_lazy("of a door", "Open")
_(variable)
gettext("not imported")
"""
    assert list(messages.of_python(code)) == [
        messages.Message("%(name)s is kept"),
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
