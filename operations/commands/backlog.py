"""`backlog`: classify images that were stored before the service was deployed."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

from rich.table import Table

from cli.arguments import percent, whole
from cli.command_line import Result
from cli.confirmation import add_confirmation_arguments, confirmed
from cli.console import number_of
from cli.outcomes import FINAL
from cli.prices import add_prices_argument, read_prices
from operations.service import backlog_workflow, records
from operations.service.bucket import versions
from operations.service.context import Context
from operations.service.image import ImageVersion
from operations.service.image_list import ImageList, new_list
from operations.service.price import Bill, read_bill
from operations.service.user_list import read_user_list

HELP = "classify all images under a prefix or in a list; shows the cost first"
_LOOKED_UP = 1000  # images at a time whose records are looked up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    images = parser.add_mutually_exclusive_group(required=True)
    images.add_argument(
        "--prefix", help="classify the current versions under this prefix, such as archive/"
    )
    images.add_argument(
        "--list",
        metavar="FILE",
        help="classify a CSV file or S3 URL: image_url[,version_id,uploaded_at], or S3 inventory",
    )
    images.add_argument("--follow", metavar="ARN", help="follow a backlog that is running")
    add = parser.add_argument
    add(
        "--columns",
        metavar="NAMES",
        help="columns of a list without a header, such as Bucket,Key,VersionId,IsLatest",
    )
    add(
        "--concurrency",
        type=whole(1, 10_000),
        default=20,
        metavar="N",
        help="number of concurrent images (default: %(default)s)",
    )
    add(
        "--tolerated-failures",
        type=percent(0, 100),
        default="0.05",
        metavar="SHARE",
        help="stop when more than this share of images is FAILED (default: %(default)s)",
    )
    add(
        "--confidence-threshold",
        type=_threshold,
        metavar="T",
        help="0.000001 to 1 (default: the service's)",
    )
    add_confirmation_arguments(parser)
    add("--no-wait", action="store_true", help="start the backlog, and do not wait for its end")
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> Result:
    """Start or follow a backlog; the exit status is 1 if it fails or is stopped."""
    bill = read_bill(read_prices(options.prices, charged=not context.aws.is_local))
    if options.follow:
        return _conclude(context, bill, options.follow)

    backlog_workflow.require_idle(context)
    with new_list() as images:
        decided = _select(context, _asked(context, options), images)
        dollars = bill.dollars(images.count)
        data: dict[str, Any] = {"images": images.count, "decided": decided, "dollars": dollars}
        context.console.print(
            f"{number_of(images.count, 'image')} to classify; already decided: {decided:,}."
        )
        if not images.count:
            context.console.print("There is nothing to do.")
            return Result(data | {"started": 0})

        _show_price(context, bill, images.count)
        if not confirmed(
            context.console, options, f"Start {number_of(images.count, 'execution')}?"
        ):
            return Result(data | {"started": 0, "dry_run": True})

        execution = backlog_workflow.start(context, images, **_settings(options))
        data |= {"started": images.count, "execution": execution}

    if options.no_wait:
        context.console.print(
            f"The backlog is started. `scones backlog --follow {execution}` shows its progress."
        )
        return Result(data)

    result = _conclude(context, bill, execution)
    return Result(data | result.data, result.status)


def _asked(context: Context, options: argparse.Namespace) -> Iterator[ImageVersion]:
    """Yield the images that the options select."""
    if options.list:
        yield from read_user_list(context, options.list, options.columns)
        return

    for found in versions(context, context.service.require_readable(options.prefix)):
        # The S3 console shows an object whose key ends in / as a folder.
        is_folder = found.image.image_url.endswith("/")
        if found.current and not is_folder:
            yield found.image


def _select(context: Context, asked: Iterable[ImageVersion], images: ImageList) -> int:
    """List the images without a final outcome, each once; return the number of the others."""
    decided = 0
    with context.console.status("Looking for images without an outcome"):
        for batch in batched(asked, _LOOKED_UP, strict=False):
            by_key = {image.key: image for image in batch}
            for record in records.find(context, list(by_key)):
                if record.outcome in FINAL:
                    del by_key[record.key]
                    decided += 1
            for image in by_key.values():
                images.add(image)

    return decided


def _settings(options: argparse.Namespace) -> dict[str, float]:
    """Return the settings in the backlog workflow's input; the list is added later."""
    settings = {
        "max_concurrency": options.concurrency,
        "tolerated_failure_percentage": options.tolerated_failures,
        "confidence_threshold": options.confidence_threshold,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _show_price(context: Context, bill: Bill, images: int) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("each image takes")
    table.add_column("units", justify="right")
    table.add_column(f"{images:,} cost", justify="right")
    for what, units, dollars in bill.rows(images):
        table.add_row(what, f"{units:g}", f"${dollars:,.4f}")

    table.add_row("together, without retries", "", f"${bill.dollars(images):,.4f}")
    context.console.print(table)
    context.console.print(
        f"({bill.prices.basis}; endpoint hours are extra: `scones status` shows them)"
    )


def _conclude(context: Context, bill: Bill, execution: str) -> Result:
    """Follow a backlog to its end and show its outcomes; status 1 if it failed or was stopped."""
    backlog = backlog_workflow.follow(context, execution)
    counts = backlog_workflow.outcomes(context, backlog)
    report = backlog_workflow.report(context, backlog)
    decided = counts.total() - counts[backlog_workflow.UNDECIDED]
    dollars = bill.dollars(decided)
    dollars_per_image = dollars / max(decided, 1)

    say = context.console.print
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
    say(f"{backlog.status}: {outcomes}")
    if backlog.status != "SUCCEEDED":
        say(f"{backlog.cause or 'It was stopped.'} Run the same command again to continue.")

    say(
        f"${dollars_per_image:.6f} per image, without retries and endpoint hours "
        f"({bill.prices.basis})."
    )
    if report:
        say(f"The report: {report}")

    data: dict[str, Any] = {
        "execution": execution,
        "status": backlog.status,
        "outcomes": dict(counts),
        "report": report,
        "dollars": dollars,
        "dollars_per_image": dollars_per_image,
    }
    return Result(data, int(backlog.status != "SUCCEEDED"))


def _threshold(text: str) -> float:
    try:
        threshold = float(text)
    except ValueError:
        threshold = 0.0

    if not 1e-6 <= threshold <= 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a confidence threshold. Give a number from 0.000001 to 1."
        )

    return threshold
