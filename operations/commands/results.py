"""`results`: list the recorded results of images, newest first, or write them to a CSV file.

The versions of one image are in the order of their upload, others in the order of their decision.
"""

import argparse
import csv
import heapq
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from cli.arguments import duration, whole
from cli.command_line import Result
from cli.console import make_console, number_of
from cli.errors import CommandError
from cli.outcomes import OUTCOMES
from operations.service import results
from operations.service.context import Context
from operations.service.owners import own_image_url
from operations.service.results import COLUMNS, Selection
from untrusted.text import spreadsheet_cell

HELP = "list results, newest first: outcome, class, confidence, error"
SHOWN = 50  # results on the terminal, without --limit
STDOUT = "-"


class CsvNotWritableError(CommandError):
    """The CSV file cannot be written. Name another file with --csv, or - for standard output."""


class TwoFormatsError(CommandError):
    """--csv - and --json both write to standard output. Give one of them."""

    status = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    add(
        "image",
        nargs="?",
        metavar="IMAGE",
        help="show all versions of this image (URL or key) only (default: read the whole table)",
    )
    add("--outcome", type=str.upper, choices=OUTCOMES, help="show only this outcome")
    add("--class", dest="classification", metavar="NAME", help="show only images of this class")
    add(
        "--since",
        type=since,
        metavar="2h | DATE",
        help="show only results recorded since then: 90s, 15m, 2h, 7d, 2026-11-30[T08:00] in UTC",
    )
    add(
        "--limit",
        type=whole(1, 10_000_000),
        metavar="N",
        help=f"show only the newest N (default: {SHOWN} on the terminal, all with --csv or --json)",
    )
    add("--csv", metavar="FILE", help="write the results to a CSV file; - is standard output")


def run(context: Context, options: argparse.Namespace) -> Result:
    """Read the results and show or write them.

    Raises:
        TwoFormatsError: standard output is wanted for CSV and for JSON.
        CsvNotWritableError: the file cannot be written.
    """
    if options.csv == STDOUT:
        if options.json:
            raise TwoFormatsError
        context = context.on(make_console(as_json=True, quiet=context.console.quiet))

    selection = Selection(options.outcome, options.classification, options.since)
    limit = options.limit or (None if options.csv or options.json else SHOWN)
    counts: Counter[str] = Counter()

    if options.image:
        url = own_image_url(context, options.image)
        newest_first = results.of_image(context, url, selection)
        found = list(_counted(newest_first, counts))[:limit]
    else:
        found = _newest(_counted(_scan(context, selection), counts), limit)

    if options.csv:
        _write(options.csv, found)
    elif not options.json:
        for result in found:
            context.console.print(f"{result['recorded_at'][:19]}Z  {results.line(result)}")

    _conclude(context, options, len(found), counts)

    listed = found if options.json else []
    return Result({"results": listed, "found": counts.total(), "outcomes": dict(counts)})


def since(text: str) -> datetime:
    """Parse how long ago, or an ISO date and time in UTC; an argument type."""
    try:
        return datetime.now(UTC) - timedelta(seconds=duration("1s", "3650d")(text))
    except argparse.ArgumentTypeError:
        pass

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a duration nor a date. "
            "Give 90s, 15m, 2h or 7d, or a date such as 2026-11-30 or 2026-11-30T08:00."
        ) from exc

    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _scan(context: Context, selection: Selection) -> Iterator[results.Result]:
    read = (
        f"Reading all of the table {context.service.results_table}: no index has an order by time"
    )
    with context.console.status(read):
        for page in results.scan(context, selection):
            yield from page


def _counted(found: Iterable[results.Result], counts: Counter[str]) -> Iterator[results.Result]:
    for result in found:
        counts[result["outcome"]] += 1
        yield result


def _newest(found: Iterable[results.Result], limit: int | None) -> list[results.Result]:
    """Return the newest results first; only as many as the limit are held in memory."""

    def recorded_at(result: results.Result) -> str:
        return str(result["recorded_at"])

    if limit is None:
        return sorted(found, key=recorded_at, reverse=True)
    return heapq.nlargest(limit, found, key=recorded_at)


def _write(file: str, found: Iterable[results.Result]) -> None:
    """Write a CSV file whose text cells no spreadsheet takes for formulas."""
    with _opened(file) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for result in found:
            cells = results.row(result)
            writer.writerow(
                [spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells]
            )


@contextmanager
def _opened(file: str) -> Iterator[IO[str]]:
    """Open standard output, or a new file that replaces the named one when it is complete."""
    if file == STDOUT:
        yield sys.stdout
        return

    path = Path(file)
    unfinished = path.with_name(f".{path.name}.unfinished")

    try:
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as exc:
        raise CsvNotWritableError(f"{file}: {exc.strerror}. {CsvNotWritableError.__doc__}") from exc


def _conclude(
    context: Context, options: argparse.Namespace, shown: int, counts: Counter[str]
) -> None:
    say = context.console.print
    if not counts:
        say("No recorded result matches. `scones reconcile` shows images without an outcome.")
        return

    by_outcome = ", ".join(f"{counts[name]:,} {name}" for name in OUTCOMES if counts[name])
    say(f"{number_of(counts.total(), 'result')}: {by_outcome}.")
    if shown < counts.total():
        say(f"These are the newest {shown:,}. --limit N shows more, --csv FILE writes all.")

    if options.csv and options.csv != STDOUT:
        say(f"Written to {options.csv}: {shown:,} lines below the header.")
