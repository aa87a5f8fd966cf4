"""`where`: show the names of the service's parts, and the addresses of their pages."""

import argparse
from dataclasses import asdict

from rich.table import Table

from cli.command_line import Result
from operations.service.context import Context
from operations.service.places import Places, read_places

HELP = "show where the service is: buckets, table, endpoint, workflow, logs, dashboard"
_DEPLOY = "not known: deploy the stack again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the common options name the stack."""


def run(context: Context, options: argparse.Namespace) -> Result:
    """Show where the parts of the service are."""
    with context.console.status("Reading the stack"):
        places = read_places(context)

    if not options.json:
        _show(context, places)
    return Result(asdict(places))


def _show(context: Context, places: Places) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(places):
        table.add_row(name, value)
    context.console.print(table)


def _rows(places: Places) -> list[tuple[str, str]]:
    """Return name and value of each line; a list has its name in the first of its lines."""
    rows = [
        ("stack", f"{places.stack} in {places.region}"),
        ("upload to", places.uploads),
        ("image bucket", places.image_bucket),
        ("training bucket", places.training_bucket or "none: `scones stage` makes it"),
        ("results table", places.results_table),
        ("endpoint", places.endpoint or _DEPLOY),
        ("workflow", places.workflow),
        ("backlog workflow", places.backlog_workflow or "none beside an Express workflow"),
        ("failure queue", places.failure_queue),
        ("dead-letter queue", places.dead_letter_queue),
        ("alarm topic", places.alarm_topic or _DEPLOY),
        ("dashboard", places.dashboard or _DEPLOY),
    ]
    rows += _listed("log groups", places.log_groups)
    pages = [f"{name}: {address}" for name, address in places.pages.items()]
    rows += _listed("pages", pages or ["none: this is not AWS, or a partition without known pages"])
    return rows


def _listed(name: str, values: list[str]) -> list[tuple[str, str]]:
    return [(name if number == 0 else "", value) for number, value in enumerate(values)]
