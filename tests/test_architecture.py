"""What import contracts cannot see: where rows are asked for, where they are written, how mail leaves."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "workspaces", "invitations")
# The edges and the shapes: they call access, queries and actions.
EDGES = {"views", "urls", "forms", "tables", "filters", "admin", "bulk", "api", "tasks"}
WRITES = {"save", "create", "update", "delete", "get_or_create", "update_or_create"}
ASYNC_WRITES = {f"a{name}" for name in WRITES}
# Who else may write, and why.
WRITERS = {
    "actions": "every write of the domain",
    "migrations": "the shape of the tables",
    "demo": "makes believable rows of every state, past ones included, on an empty database only",
    "outbox": "the states of a mail on its way: no rule of access, never under the organization's lock",
    "heartbeats": "signs of life are no data of the domain",
    "users": "a new user's row, for allauth and createsuperuser",
    "selections": "copies matching ids into a Selection, which is no data of the domain",
}
# A dictionary's update, a form's or a session's save: names that look like writes on things that are no rows.
HARMLESS_OWNERS = {
    "form",
    "session",
    "cache",
    "context",
    "initial",
    "attrs",
    "params",
    "headers",
    "kwargs",
    "options",
    "workbook",
}

SELF_EXPLAINING = {"apps", "asgi", "wsgi"}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for app in (*APPS, "config"):
        for path in sorted((ROOT / app).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(), filename=str(path))


def places(of: Callable[[ast.AST], bool], within: Callable[[Path], bool]) -> list[str]:
    return [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, tree in sources()
        if within(path)
        for node in ast.walk(tree)
        if of(node)
    ]


def parts(path: Path) -> set[str]:
    return {*path.parts[:-1], path.stem}


def is_edge(path: Path) -> bool:
    return path.parts[0] in APPS and bool(parts(path) & EDGES)


def may_write(path: Path) -> bool:
    return path.parts[0] == "config" or bool(parts(path) & set(WRITERS))


def is_migration(path: Path) -> bool:
    return "migrations" in path.parts


def asks_a_manager(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}


def writes_rows(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    name = node.func.attr
    if name.startswith(("bulk_", "abulk_")):
        return True
    if name == "update" and node.args:
        return False  # a dictionary's or a set's: a queryset's takes keywords only
    return name in WRITES | ASYNC_WRITES and not _is_harmless(node.func.value)


def _is_harmless(owner: ast.expr) -> bool:
    """A literal, or something whose last name says that it is no row."""
    if isinstance(owner, ast.Attribute):
        return owner.attr in HARMLESS_OWNERS
    if isinstance(owner, ast.Name):
        return owner.id in HARMLESS_OWNERS
    return isinstance(owner, ast.Dict | ast.DictComp | ast.Set)


def sends_mail(node: ast.AST) -> bool:
    names = {"send_mail", "send_mass_mail", "mail_admins", "mail_managers", "EmailMessage", "EmailMultiAlternatives"}
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.core.mail"):
        return bool(names & {alias.name for alias in node.names})
    return isinstance(node, ast.Attribute) and node.attr in names


def speaks_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and (
        node.attr in {"raw", "executemany"} or ast.unparse(node) == "connection.cursor"
    )


def test_no_edge_asks_a_manager() -> None:
    assert places(asks_a_manager, is_edge) == []


def test_no_edge_speaks_sql() -> None:
    assert places(speaks_sql, is_edge) == []


def test_rows_are_written_by_actions_only() -> None:
    assert places(writes_rows, lambda path: not may_write(path)) == []


def test_mail_leaves_through_the_outbox_only() -> None:
    assert places(sends_mail, lambda path: "outbox" not in parts(path)) == []


def test_no_form_saves_rows() -> None:
    """Saving an allauth form is allauth's write; our own forms hold no rows that they could save."""

    def is_model_form(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node).endswith("ModelForm")

    assert places(is_model_form, lambda path: path.parts[0] in APPS and path.stem != "admin") == []


def test_no_module_outgrows_four_hundred_lines() -> None:
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path, _ in sources() if not is_migration(path)}
    assert {path: count for path, count in lines.items() if count > 400} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path, tree in sources()
        if tree.body and not ast.get_docstring(tree) and not is_migration(path) and path.stem not in SELF_EXPLAINING
    ]
    assert silent == []


def test_no_action_takes_a_request() -> None:
    """They take ids and an actor, so that every door can call them."""

    def takes_a_request(node: ast.AST) -> bool:
        if not isinstance(node, ast.FunctionDef):
            return False
        return "request" in {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}

    assert places(takes_a_request, lambda path: "actions" in parts(path)) == []


def test_no_short_template_comment_spans_lines() -> None:
    """`{# #}` ends with its line: what follows would be compiled, and shown where a block is open."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "{#" in line and "#}" not in line.partition("{#")[2]
    ]
    assert wrong == []


def test_the_rules_of_this_test_see_what_they_forbid() -> None:
    write, read = (
        ast.parse("member.save(); rows.update(role=role)"),
        ast.parse("request.session.save(); known.update(new)"),
    )
    assert len([node for node in ast.walk(write) if writes_rows(node)]) == 2
    assert not any(writes_rows(node) for node in ast.walk(read))
    assert any(asks_a_manager(node) for node in ast.walk(ast.parse("Member.objects.all()")))
    assert any(sends_mail(node) for node in ast.walk(ast.parse("from django.core.mail import send_mail")))


LOCALIZED_ID = re.compile(r'\b(?!class=)[\w-]+="[^"]*\{\{ (?:[a-z_]+\.)?(?:id|pk|key) \}\}')


def test_no_template_writes_an_id_with_a_thousands_separator() -> None:
    """Numbers are localized in templates: an id of 1234 would become "1,234", which no form and no script finds."""
    templates = (ROOT / "templates").rglob("*.html")
    found = {str(path.relative_to(ROOT)): LOCALIZED_ID.findall(path.read_text()) for path in templates}
    assert {path: ids for path, ids in found.items() if ids} == {}
