#!/usr/bin/env python3
"""Keeps every locale/<language>/LC_MESSAGES/django.po in step with the texts of code and templates, and compiles it.

    bin/messages.py

New texts are added empty, gone ones are taken out; `make messages` prints what waits for a translator. It needs no
gettext: Python is read by its syntax tree, templates by Django's own lexer. Django reads django.mo only, so both files
are tracked.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CODE = ("config", "accounts", "workspaces", "invitations")
TEMPLATES = ROOT / "templates"
TEMPLATE_SUFFIXES = {".html", ".txt", ".mjml"}

_LITERAL = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"(?<!\w)(?P<function>n?p?gettext|_)\((?P<arguments>{_LITERAL}(?:, {_LITERAL})*)")
_PRINTF = re.compile(r"%(?:\(\w+\))?[sd]")


class Message(NamedTuple):
    text: str
    plural: str = ""
    context: str | None = None


def _message(function: str, arguments: list[str]) -> Message:
    """Of a call such as npgettext("context", "one", "many"); arguments hold the literals that it begins with."""
    name = function.removesuffix("_lazy").removesuffix("_noop")
    context = arguments.pop(0) if "pgettext" in name else None
    return Message(arguments[0], arguments[1] if name.startswith("n") else "", context)


def of_python(source: str) -> Iterator[Message]:
    """What a module hands to gettext, under whatever names it imports it. Computed texts are not seen: mark what they
    can be with gettext_noop.
    """
    tree = ast.parse(source)
    functions = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("django.utils.translation", "config.sentences")
        for alias in node.names
        if "gettext" in alias.name or alias.name == "Sentence"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
            literals = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            texts = [literal for literal in literals if isinstance(literal, str)]
            if texts:
                yield _message(functions[node.func.id], texts)


def of_template(source: str) -> Iterator[Message]:
    """What a template translates by tags and by _("…")."""
    for call in _CALL.finditer(templatize(source)):
        literals = re.findall(_LITERAL, call["arguments"])
        yield _message(call["function"].replace("_", "gettext"), [ast.literal_eval(literal) for literal in literals])


def collect() -> dict[Message, list[str]]:
    """Every text of the product with the files that say it."""
    sources = [(path, of_python) for app in CODE for path in (ROOT / app).rglob("*.py")]
    sources += [(path, of_template) for path in TEMPLATES.rglob("*") if path.suffix in TEMPLATE_SUFFIXES]
    found: dict[Message, list[str]] = {}
    for path, read in sorted(sources):
        for message in dict.fromkeys(read(path.read_text())):
            found.setdefault(message, []).append(path.relative_to(ROOT).as_posix())
    return found


def key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural, entry.msgctxt)


def catalogues() -> list[Path]:
    return sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def update(path: Path, found: dict[Message, list[str]]) -> polib.POFile:
    """The catalogue with just the found texts, in the order of their files; what was translated stays."""
    catalogue = polib.pofile(str(path), wrapwidth=120)
    known = {key(entry): entry for entry in catalogue}
    catalogue.clear()
    for message, files in found.items():
        entry = known.get(message) or polib.POEntry(
            msgid=message.text,
            msgid_plural=message.plural,
            msgctxt=message.context,
            msgstr_plural={0: "", 1: ""} if message.plural else {},
        )
        entry.occurrences = [(file, "") for file in files]
        entry.flags = ["python-format"] if _PRINTF.search(message.text + message.plural) else []
        catalogue.append(entry)
    return catalogue


def compiled(catalogue: polib.POFile) -> bytes:
    return bytes(catalogue.to_binary())


def main() -> int:
    found = collect()
    waiting = 0
    for path in catalogues():
        catalogue = update(path, found)
        catalogue.save(str(path))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for entry in catalogue.untranslated_entries():
            print(f"{path.relative_to(ROOT)}: {entry.occurrences[0][0]}: {entry.msgid}")
            waiting += 1
    print(f"{len(found):,} texts; {waiting:,} wait for a translator.")
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
