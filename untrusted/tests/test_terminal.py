"""Terminals, logs and pages show hostile text as text."""

import io
import json
import logging
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from untrusted.console import LINE_BREAK, Console, progress, styled, track
from untrusted.page import page_template
from untrusted.terminal import (
    SeveralLinesError,
    VisibleFormatter,
    escape_unencodable,
    print_json,
    say,
    say_error,
    show_traceback,
)
from untrusted.tests.hostile_text import FORGED, HOSTILE, require_honest
from untrusted.text import shown


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(params=[False, True], ids=["pipe", "terminal"])
def console(request: pytest.FixtureRequest, written: io.StringIO) -> Console:
    """Return a console of a pipe, or of a terminal without colours and cursor movement."""
    return Console(file=written, width=2000, force_terminal=request.param, color_system=None)


def test_string_is_one_line_without_markup(console: Console, written: io.StringIO) -> None:
    console.print(HOSTILE)
    assert f"{shown(HOSTILE)}\n" == written.getvalue()


@pytest.mark.parametrize(
    "options", [{"markup": True}, {"emoji": True}, {"style": "bold"}, {"soft_wrap": True}]
)
def test_no_option_turns_a_string_into_markup(
    console: Console, written: io.StringIO, options: dict[str, object]
) -> None:
    console.print(HOSTILE, **options)
    assert "[red]red[/red]" in written.getvalue()
    assert ":skull:" in written.getvalue()
    require_honest(written.getvalue())


def test_other_objects_become_strings(console: Console, written: io.StringIO) -> None:
    console.print(ValueError(HOSTILE), Path(HOSTILE), [HOSTILE], 7)
    assert 1 == written.getvalue().count("\n")
    require_honest(written.getvalue())


def test_several_strings_are_several_lines_with_a_separator(
    console: Console, written: io.StringIO
) -> None:
    console.print(HOSTILE, "next", sep="\n")
    assert [shown(HOSTILE), "next", ""] == written.getvalue().split("\n")


def test_cells_headers_and_titles_of_tables_are_text(
    console: Console, written: io.StringIO
) -> None:
    table = Table(HOSTILE, title=HOSTILE, caption=HOSTILE, show_footer=True)
    table.columns[0].footer = HOSTILE
    table.add_row(HOSTILE)
    console.print(table)
    require_honest(written.getvalue())
    assert 5 == written.getvalue().count("[red]red[/red]")


def test_callers_set_styles_and_line_breaks(console: Console, written: io.StringIO) -> None:
    console.print(styled("a ", (HOSTILE, "bold"), LINE_BREAK, ("b", "dim")))
    assert [f"a {shown(HOSTILE)}", "b", ""] == written.getvalue().split("\n")


def test_text_of_rich_has_no_control_characters(console: Console, written: io.StringIO) -> None:
    console.print(Text(HOSTILE.replace("\n", "")))
    console.rule(HOSTILE)
    require_honest(written.getvalue())


def test_progress_and_status_show_text(written: io.StringIO) -> None:
    console = Console(file=written, width=2000)
    with progress(console) as bars:
        bars.add_task(HOSTILE.replace("\n", ""), total=1, note=HOSTILE.replace("\n", ""))
    for _ in track(console, "[red]plain[/red]", [1], 1):
        pass
    require_honest(written.getvalue())
    assert "[red]plain[/red]" in written.getvalue()


@pytest.mark.parametrize("is_updated", [False, True])
def test_spinner_of_a_terminal_shows_text(written: io.StringIO, is_updated: bool) -> None:
    console = Console(file=written, width=2000, force_terminal=True, color_system=None)
    with console.status("plain" if is_updated else HOSTILE) as status:
        if is_updated:
            status.update(HOSTILE)
    printed = written.getvalue()
    assert shown(HOSTILE) in printed
    assert FORGED not in [line.strip() for line in printed.split("\n")]
    assert "\x9b31m" not in printed
    assert "\u202e" not in printed


def test_question_is_shown(console: Console, written: io.StringIO) -> None:
    console.input(HOSTILE, stream=io.StringIO("y\n"))
    require_honest(written.getvalue())


def test_each_argument_is_a_line(written: io.StringIO) -> None:
    say(HOSTILE, 7, file=written)
    assert [shown(HOSTILE), "7", ""] == written.getvalue().split("\n")


def test_error_has_only_its_own_line_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    say_error(ValueError(HOSTILE), named=True)
    say_error(SeveralLinesError("first", HOSTILE))
    assert [
        f"ValueError: {shown(HOSTILE)}",
        "first",
        shown(HOSTILE),
        "",
    ] == capsys.readouterr().err.split("\n")


def test_unexpected_error_is_indented_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError(HOSTILE)
    show_traceback(ValueError, error, None)
    printed = capsys.readouterr().err
    assert printed.startswith("ValueError, unexpectedly:\n  ")
    assert {"  "} == {line[:2] for line in printed.rstrip().split("\n")[1:]}
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_json_on_standard_output_is_the_same_data(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"key": HOSTILE})
    printed = capsys.readouterr().out
    require_honest(printed)
    assert {"key": HOSTILE} == json.loads(printed)


def test_record_of_a_log_is_one_line_and_its_traceback_indented(written: io.StringIO) -> None:
    handler = logging.StreamHandler(written)
    handler.setFormatter(VisibleFormatter("%(levelname)s %(message)s"))
    logger = logging.Logger("hostile")
    logger.addHandler(handler)
    logger.info("Key %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logger.exception("Broken")
    first, second, *more = written.getvalue().rstrip().split("\n")
    assert [f"INFO Key {shown(HOSTILE)}", "ERROR Broken"] == [first, second]
    assert {"  "} == {line[:2] for line in more}
    assert "\x1b" not in written.getvalue()


def test_page_escapes_and_shows_every_value(tmp_path: Path) -> None:
    (tmp_path / "page.jinja").write_text(
        '<p title="{{ text }}">{{ text }} {{ [text]|join }} {{ text|tojson }}</p>'
    )
    page = page_template((tmp_path,), "page.jinja").render(text=HOSTILE)
    assert "<script>" not in page
    for mark in "\x1b\x9b\u202e\u200b\ufeff":
        assert mark not in page
    assert r"\u202egpj" in page


def ascii_output(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Replace standard output by one in ASCII, and return its bytes."""
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    return written


def test_character_that_the_terminal_lacks_is_shown_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = ascii_output(monkeypatch)
    escape_unencodable()
    say("caf\u00e9 \U0001f600")
    assert b"caf\\xe9 \\U0001f600\n" == written.getvalue()


def test_json_on_a_terminal_of_another_encoding_is_the_same_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = ascii_output(monkeypatch)
    escape_unencodable()
    data = {"caf\u00e9": "\U0001f600\udce9"}
    print_json(data)
    assert data == json.loads(written.getvalue())
