"""results: selection, order, and the content of CSV files."""

import argparse
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.commands import results
from operations.service.owners import ImageOfAnotherStackError
from operations.service.results import COLUMNS
from tests.unit.operations.in_memory import Account
from untrusted.tests.hostile_text import FORGED, require_honest

type Options = Callable[..., argparse.Namespace]


@pytest.fixture
def decided(account: Account) -> Account:
    """A service with three results and an image without an outcome."""
    truck = {"classification": "truck", "confidence_score": "0.93"}
    account.record(
        "uploads/a.png", "1", outcome="ACCEPTED", recorded_at="2026-11-20T08:00:00.123Z", **truck
    )
    account.record(
        "uploads/b.png",
        "1",
        outcome="REVIEW",
        recorded_at="2026-11-22T08:00:00.123Z",
        classification="automobile",
        confidence_score="0.6",
    )
    account.record(
        "uploads/c.png",
        "1",
        outcome="UNREADABLE",
        recorded_at="2026-11-21T08:00:00.123Z",
        error="EmptyImageError",
        cause="The image is empty.",
    )
    account.record("uploads/open.png", "1", opened=timedelta(minutes=1))
    return account


def urls(account: Account, options: argparse.Namespace) -> list[str]:
    data = results.run(account.context, options).data
    return [result["image_url"].rpartition("/")[2] for result in data["results"]]


def test_results_are_listed_newest_first(decided: Account, options: Options) -> None:
    results.run(decided.context, options(results))
    lines = decided.shown.getvalue().splitlines()
    assert lines[:3] == [
        "2026-11-22T08:00:00Z  REVIEW      automobile  0.600  s3://images/uploads/b.png",
        "2026-11-21T08:00:00Z  UNREADABLE  s3://images/uploads/c.png"
        "  EmptyImageError: The image is empty.",
        "2026-11-20T08:00:00Z  ACCEPTED    truck  0.930  s3://images/uploads/a.png",
    ]
    assert "3 results: 1 ACCEPTED, 1 REVIEW, 1 UNREADABLE." == lines[3]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--outcome", "review"], ["b.png"]),
        (["--class", "truck"], ["a.png"]),
        (["--since", "2026-11-21"], ["b.png", "c.png"]),
        (["--since", "2026-11-21T08:00:01"], ["b.png"]),
        (["--outcome", "ACCEPTED", "--class", "automobile"], []),
        (["--limit", "1"], ["b.png"]),
        (["s3://images/uploads/a.png"], ["a.png"]),
        (["s3://images/uploads/a.png", "--outcome", "REVIEW"], []),
        (["s3://images/uploads/open.png"], []),
    ],
)
def test_options_select_results(
    decided: Account, options: Options, arguments: list[str], expected: list[str]
) -> None:
    assert expected == urls(decided, options(results, "--json", *arguments))


def test_table_is_read_in_whole_only_without_an_image(
    decided: Account, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.service.results.scan", lambda *_: pytest.fail("scanned"))
    assert ["a.png"] == urls(decided, options(results, "--json", "s3://images/uploads/a.png"))


def test_newest_upload_of_an_image_is_first(account: Account, options: Options) -> None:
    # The first version was decided last, as after a redrive.
    for version, uploaded, recorded in (("1", "20", "23"), ("2", "22", "22"), ("3", "21", "21")):
        account.record(
            "uploads/a.png",
            version,
            outcome="REVIEW",
            uploaded_at=f"2026-11-{uploaded}T08:00:00Z#01",
            recorded_at=f"2026-11-{recorded}T08:00:00.000Z",
        )
    found = results.run(account.context, options(results, "--json", "s3://images/uploads/a.png"))
    assert ["2", "3", "1"] == [result["version"] for result in found.data["results"]]


def test_limit_says_how_many_results_there_are(decided: Account, options: Options) -> None:
    results.run(decided.context, options(results, "--limit", "2"))
    assert "These are the newest 2." in decided.shown.getvalue()


def test_terminal_shows_a_bounded_number_and_csv_all(
    decided: Account, options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(results, "SHOWN", 1)
    results.run(decided.context, options(results))
    assert 1 == decided.shown.getvalue().count("s3://")

    file = tmp_path / "results.csv"
    results.run(decided.context, options(results, "--csv", str(file)))
    assert 4 == len(file.read_text().splitlines())
    assert [file] == list(tmp_path.iterdir())


def test_csv_has_one_column_for_each_field(
    decided: Account, options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    results.run(decided.context, options(results, "--csv", "-", "--outcome", "REVIEW"))
    header, line = csv.reader(io.StringIO(capsys.readouterr().out))
    assert list(COLUMNS) == header
    values = dict(zip(header, line, strict=True))
    assert "0.6" == values["confidence_score"]
    assert "" == values["error"]
    assert "" == decided.shown.getvalue()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "\uff1d"])
def test_csv_cell_is_never_a_formula(
    account: Account, options: Options, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    hostile = f"{start}HYPERLINK('http://example.com')"
    account.record(
        "uploads/a",
        "1",
        outcome="FAILED",
        recorded_at="2026",
        cause=hostile,
        classification=hostile,
    )
    results.run(account.context, options(results, "--csv", "-"))
    _, line = csv.reader(io.StringIO(capsys.readouterr().out))
    assert [] == [cell for cell in line if cell.lstrip()[:1] in {*"=+-@\uff1d"}]


def test_csv_needs_a_folder_that_exists(decided: Account, options: Options) -> None:
    with pytest.raises(results.CsvNotWritableError, match="No such file"):
        results.run(decided.context, options(results, "--csv", "/no/such/folder/a.csv"))


def test_csv_and_json_cannot_share_standard_output(decided: Account, options: Options) -> None:
    with pytest.raises(results.TwoFormatsError):
        results.run(decided.context, options(results, "--csv", "-", "--json"))


def test_class_name_cannot_forge_a_line(account: Account, options: Options) -> None:
    account.record(
        "uploads/a",
        "1",
        outcome="REVIEW",
        recorded_at="2026-11-20T08:00:00Z",
        classification=f"truck\n{FORGED}[red]x[/red]",
        confidence_score="0.5",
    )
    results.run(account.context, options(results))
    require_honest(account.shown.getvalue())


def test_image_of_an_unknown_bucket_names_the_stacks_own(
    account: Account, options: Options
) -> None:
    with pytest.raises(ImageOfAnotherStackError, match="Images of this stack are in s3://images/"):
        results.run(account.context, options(results, "s3://nowhere/uploads/a.png"))


def test_no_result_points_to_reconcile(account: Account, options: Options) -> None:
    assert 0 == results.run(account.context, options(results)).status
    assert "scones reconcile" in account.shown.getvalue()


@pytest.mark.parametrize("text", ["2h", "2026-11-30", "2026-11-30T08:00", "2026-11-30T09:00+01:00"])
def test_since_is_a_duration_or_a_date_in_utc(options: Options, text: str) -> None:
    moment = options(results, "--since", text).since
    assert UTC == moment.tzinfo
    expected = {
        "2h": datetime.now(UTC) - timedelta(hours=2),
        "2026-11-30": datetime(2026, 11, 30, tzinfo=UTC),
    }.get(text, datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert abs(moment - expected) < timedelta(seconds=5)


def test_unknown_since_is_wrong_usage(options: Options, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(results, "--since", "yesterday")
    assert "'yesterday' is neither a duration nor a date" in capsys.readouterr().err
