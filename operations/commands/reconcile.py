"""`reconcile`: compare the bucket with the records, and start images that nobody works on."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from cli.arguments import duration
from cli.command_line import Result
from cli.service import UPLOADS
from operations.service import backlog_workflow
from operations.service.accounting import (
    OPEN,
    REVIEWED,
    WAITING,
    WITHOUT_RECORD,
    Accounting,
    account_for,
)
from operations.service.context import Context
from operations.service.executions import RATE, paced, start
from operations.service.image import ImageVersion
from operations.service.image_list import ImageList, new_list
from operations.service.records import UNDER_WAY
from untrusted.console import track

HELP = "compare the image bucket with the records, and find images without an outcome"
FEW = 1000  # images that are started one by one, in a minute; more go to the backlog workflow
SHOWN = 20  # unaccounted images on the terminal
LISTED = 10_000  # unaccounted images in the JSON


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    add(
        "--prefix",
        default=UPLOADS,
        help="compare only images under this prefix (default: %(default)s)",
    )
    add(
        "--older-than",
        type=duration("0s", "365d"),
        default=f"{UNDER_WAY // timedelta(minutes=1)}m",
        metavar="DURATION",
        help="ignore younger images, which may be under way (default: %(default)s)",
    )
    add("--start", action="store_true", help="start the workflow for images without an outcome")


def run(context: Context, options: argparse.Namespace) -> Result:
    """Reconcile uploads and records; the exit status is 1 if an image is unaccounted for."""
    prefix = context.service.require_readable(options.prefix)
    older_than = timedelta(seconds=options.older_than)
    accounting = Accounting()

    with new_list() as images:
        with context.console.status("Comparing the bucket with the records"):
            for image in account_for(context, prefix, older_than, accounting):
                images.add(image)

        _show(context, accounting, images)
        listed = islice(images.images(), LISTED) if options.json else []
        data: dict[str, Any] = {
            "prefix": prefix,
            "uploads": accounting.uploads.total(),
            **{kind.lower().replace(" ", "_"): count for kind, count in accounting.uploads.items()},
            "review_waiting": accounting.reviews[WAITING],
            "review_reviewed": accounting.reviews[REVIEWED],
            "reconciled": not images.count,
            "unaccounted": images.count,
            "images": [list(image.key) for image in listed],
            "records_without_version": dict(accounting.gone),
        }

        if images.count and options.start:
            data |= _start(context, images)
        elif images.count:
            context.console.print("Use --start to start the workflow for these images.")

    return Result(data, status=1 if images.count else 0)


def _show(context: Context, accounting: Accounting, images: ImageList) -> None:
    say = context.console.print
    if images.count:
        without = accounting.unaccounted[WITHOUT_RECORD]
        stuck = accounting.unaccounted[OPEN]
        say(f"Unaccounted for: {without:,} without a record, {stuck:,} open for too long:")
        for image in islice(images.images(), SHOWN):
            say(f"  {image.image_url} {image.version}")
        if images.count > SHOWN:
            say(f"  and {images.count - SHOWN:,} more; --json lists up to {LISTED:,}")

    if accounting.gone:
        outcomes = ", ".join(f"{count:,} {kind.lower()}" for kind, count in accounting.gone.items())
        say(f"Recorded, but no longer in the bucket: {outcomes}.")

    say(f"{accounting.line}.")
    say(f"{accounting.review_line}.")
    under_way = accounting.uploads[OPEN] + accounting.uploads[WITHOUT_RECORD] - images.count
    if under_way:
        say(f"{under_way:,} images without an outcome are too young to count as missing.")

    if not images.count:
        say("Reconciliation succeeds.")


def _start(context: Context, images: ImageList) -> dict[str, Any]:
    if images.count > FEW and context.service.backlog_workflow_arn:
        execution = backlog_workflow.start(context, images)
        context.console.print(
            f"A backlog is started. `scones backlog --follow {execution}` shows its progress."
        )
        return {"started": images.count, "backlog": execution}

    for _ in track(context.console, "Started", _started(context, images), images.count):
        pass

    return {"started": images.count}


def _started(context: Context, images: ImageList) -> Iterator[str]:
    def begin(image: ImageVersion) -> str:
        return start(context, image.request())

    return paced(begin, images.images(), RATE)
