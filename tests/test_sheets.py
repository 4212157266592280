"""Reading tables of people: text, pasted lists, spreadsheets; and what is no table."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from config.ui.sheets import write_csv
from invitations.sheets import (
    FIELDS,
    Entered,
    Sheet,
    UnreadableSheet,
    guess_columns,
    read_file,
    read_pasted,
    write_spreadsheet,
)
from invitations.sheets.columns import is_certain
from invitations.sheets.reading import clean_cell


def people(sheet: Sheet) -> list[Entered]:
    columns = guess_columns(sheet)
    return [columns.entered(row.cells) for row in sheet.rows]


def workbook(*rows: tuple[object, ...], title: str = "People") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same workbook with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, part if info.filename == name else old.read(info))
    return out.getvalue()


@pytest.mark.row("I26")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_in_every_encoding_and_with_every_separator(encoding: str, separator: str) -> None:
    rows = [
        ["E-Mail-Adresse", "Name", "Rolle", "Gruppen"],
        ["zoe@x.example", "Zoë Müller", "Member", '"Data, Team; Berlin"'],
        ["", "", "", ""],
        ["ben@x.example", "Ben Weiß", "", ""],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    assert people(read_file(text.encode(encoding))) == [
        Entered("zoe@x.example", "Zoë Müller", "Member", "Data, Team; Berlin"),
        Entered("ben@x.example", "Ben Weiß"),
    ]


def test_a_zero_in_a_text_of_bytes_does_not_make_it_utf_16() -> None:
    assert people(read_file(b"email,name\nzoe@x.ex\0ample,Zoe\0\n")) == [Entered("zoe@x.example", "Zoe")]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("email,name,role,groups,workspaces", FIELDS),
        ("Mail;Vorname;Nachname;Rolle;Gruppe", ("email", "first_name", "last_name", "role", "groups")),
        ("Given name\tSurname\tE-mail address\tPhone", ("first_name", "last_name", "email", "")),
        ("Vollständiger Name,ADRESSE,Arbeitsbereiche", ("name", "email", "workspaces")),
    ],
)
def test_a_header_in_english_or_german_says_what_the_columns_hold(header: str, fields: tuple[str, ...]) -> None:
    sheet = read_pasted(f"{header}\n{header.lower().replace('mail', 'x').replace('adresse', 'y')}")
    columns = guess_columns(sheet)
    assert columns.fields == fields
    assert is_certain(sheet, columns)


def test_two_columns_for_one_thing_and_columns_without_a_name_are_for_a_person_to_tell() -> None:
    twice = read_pasted("email;Mail;Name\na@x.example;b@x.example;Anna")
    assert (guess_columns(twice).repeated, guess_columns(twice).is_enough) == (("email",), False)
    bare = read_pasted("Anna;a@x.example;Berlin\nBen;b@x.example;Wien")
    assert guess_columns(bare).fields == ("", "email", "")
    assert not is_certain(bare, guess_columns(bare))
    assert bare.header == ()


@pytest.mark.row("I26")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.example, b@x.example", [Entered("a@x.example"), Entered("b@x.example")]),
        ("Anna A <a@x.example>\nb@x.example", [Entered("a@x.example", "Anna A"), Entered("b@x.example")]),
        ("Email\tName\na@x.example\tAnna, A", [Entered("a@x.example", "Anna, A")]),
        ("email;name\na@x.example;Anna", [Entered("a@x.example", "Anna")]),
    ],
)
def test_what_is_pasted_is_a_table_or_a_list_of_addresses(text: str, expected: list[Entered]) -> None:
    assert people(read_pasted(text)) == expected


def test_a_spreadsheet_with_dates_numbers_formulas_and_empty_rows_is_read_as_it_shows() -> None:
    content = workbook(
        ("email", "name", "role", "groups", "started"),
        ("mia@x.example", 4711, None, "=1+1", date(2026, 11, 22)),
        (None, None, None, None, None),
        ("ben@x.example", 1.5, True, "Team", None),
    )
    sheet = read_file(content)
    # Nothing has computed the formula, and nothing will.
    assert [row.cells for row in sheet.rows] == [
        ("mia@x.example", "4711", "", "", "2026-11-22"),
        ("ben@x.example", "1.5", "True", "Team"),
    ]
    assert [row.line for row in sheet.rows] == [2, 4]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 60_000_000)
    return out.getvalue()


def _entities() -> bytes:
    laughs = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'
    return with_part(workbook(("email",), ("a@x.example",)), "xl/worksheets/sheet1.xml", laughs)


def _last_line() -> bytes:
    lines = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>a@x.example</t></is></c></row></sheetData></worksheet>'
    )
    return with_part(workbook(("email",)), "xl/worksheets/sheet1.xml", lines)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (_bomb(), "unpacks to too much"),
        (_entities(), "no workbook that can be read"),
        (_last_line(), "too many lines"),
        (b"PK\x03\x04 and then nothing", "no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"),
        (b"\xff\xfe\x00\xd8\x00\x00", "no text that can be read"),
        (b"email\n" + b"a@x.example\n" * 10_001, "more than 10,000 rows"),
        (b'email,name\na@x.example,"Anna', "quotation mark"),
        (b"email,name\na@x.example," + b"A" * 200_000, "From line 2 on there is too much text in one cell"),
        (b"email\n" + b"\n" * 60_000 + b"a@x.example\n", "too many lines"),
        (b"email\n\n\n", "nobody in it"),
        (b"", "nobody in it"),
        ("\n".join(["email,name", *[f"a@x.example,{'x' * 600}"] * 9000]).encode(), "larger than 5 MB"),
    ],
)
def test_what_is_hostile_or_no_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableSheet, match=words):
        read_file(content)


def test_one_shared_text_that_ten_thousand_cells_repeat_is_too_much_text() -> None:
    content = workbook(("email", "name"), *[(f"p{number}@x.example", "x" * 30_000) for number in range(300)])
    with pytest.raises(UnreadableSheet, match="too much text"):
        read_file(content)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30).map(clean_cell)
TABLES = st.lists(st.tuples(*[CELLS] * 5).filter(any), min_size=1, max_size=8)


@given(TABLES)
def test_what_a_download_holds_is_read_back_as_it_was(rows: list[tuple[str, ...]]) -> None:
    """Formulas neutralised, separators and quotes and all: a rejected row that was mended is the row again."""
    written = write_csv([(*FIELDS, "reason"), *[(*row, "Why") for row in rows]])
    assert people(read_file(written.encode())) == [Entered(*map(clean_cell, row)) for row in rows]


WRITABLE = CELLS.filter(lambda text: all(character in "\t\n" or ord(character) >= 32 for character in text))


@given(st.lists(st.tuples(*[WRITABLE] * 5).filter(any), min_size=1, max_size=5))
def test_a_workbook_is_read_back_as_it_was_written(rows: list[tuple[str, ...]]) -> None:
    assert people(read_file(write_spreadsheet([("People", [FIELDS, *rows])]))) == [Entered(*row) for row in rows]


def test_no_cell_of_a_download_begins_like_a_formula() -> None:
    text = write_csv([("=1+1", "+49 30", "-x", "@SUM(A1)", "'=1")])
    assert text == "\ufeff'=1+1,'+49 30,'-x,'@SUM(A1),''=1\r\n"
