"""`review`: serve the page on which a reviewer labels the images that wait."""

import argparse
import getpass
import re
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from cli.arguments import whole
from cli.command_line import Result
from cli.console import number_of
from cli.errors import CommandError
from operations.service.context import Context
from review.pictures import Pictures
from review.server import serve
from review.service.classes import classes_of_endpoint
from review.service.queue import Order, ReviewQueue
from review.service.second_look import GivenLabel, look_again
from review.web import Opinions
from untrusted.console import Console

if TYPE_CHECKING:
    from review.overview.source import ServiceOverview

HELP = "open the page on which you label the images that wait for a review"
PORT = 8642
_NAME = re.compile(r"[\w.@+=,-]{1,128}")  # as IAM allows in names; a lease uses # to separate


class InvalidReviewerError(CommandError):
    """Give a --reviewer of at most 128 characters: letters, digits and _.@+=,- are allowed."""

    status = 2


class NoSecondReviewerError(CommandError):
    """A folder has one reviewer: leave out --two-opinions and --second-look."""

    status = 2


class NoOverviewError(CommandError):
    """A folder has no overview: leave out --export."""

    status = 2


class NotWritableError(CommandError):
    """Name a file in a folder where you may write."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    add(
        "--reviewer",
        metavar="NAME",
        help="name that your answers are stored under (default: the name of your AWS credentials; "
        "with --folder, of your account on this computer)",
    )
    add(
        "--folder",
        type=Path,
        metavar="DIR",
        help="label the images of a folder instead, before there is a model; needs no AWS access",
    )
    add(
        "--classes",
        type=_classes,
        default=(),
        metavar="A,B",
        help="classes of the images in --folder (default: those of the last time)",
    )
    add(
        "--port",
        type=whole(0, 65535),
        default=PORT,
        help="port on 127.0.0.1; 0 takes a free one (default: %(default)s)",
    )
    add(
        "--two-opinions",
        action="store_true",
        help="have another reviewer answer each image too, without seeing your answer",
    )
    add(
        "--second-look",
        type=whole(1, 10_000),
        metavar="N",
        help="before: let the N reviewed images with the most suspicious labels wait again",
    )
    add("--no-browser", action="store_true", help="print the address, and open no browser")
    add(
        "--export",
        type=Path,
        metavar="FILE.html",
        help="write the overview of reviews and gate as one file, and open no page",
    )


def run(context: Context, options: argparse.Namespace) -> Result:
    """Serve the page until Ctrl-C.

    Raises:
        InvalidReviewerError: the name has other characters.
        StackOutdatedError: the stack has no reviews table yet.
        PortInUseError: another program listens on the port.
        NotWritableError: the file of --export cannot be written.
    """
    # The statistics of the overview take a second to load; other commands do not need them.
    from review.overview.snapshot import Collector
    from review.overview.source import ServiceOverview

    reviewer = _reviewer(options.reviewer or _name_of_credentials(context))
    service = context.service
    pictures = Pictures(context.aws.s3, service.image_bucket)
    queue = ReviewQueue(
        context.aws.dynamodb,
        context.aws.events,
        service.results_table,
        service.require_reviews(),
        _order(pictures, context.console),
        classes_of_endpoint(context.aws.ssm, service.endpoint or context.stack),
    )
    collector = Collector(context.aws, service, context.stack, queue.known_waiting)
    overview = ServiceOverview(context.aws, collector)
    if options.export:
        return _export(context, overview, options.export)

    doubted = _look_again(context, options.second_look) if options.second_look else []
    waiting = sum(queue.waiting().values())

    def started(address: str) -> None:
        context.console.print(f"{waiting:,} images wait for {reviewer}. Ctrl-C ends the page.")
        _open(context.console, options, address)

    opinions = Opinions.ALWAYS if options.two_opinions else Opinions.ON_DEMAND
    serve(queue, pictures, reviewer, options.port, started, opinions=opinions, overview=overview)
    left = sum(queue.waiting().values())
    return Result({"reviewer": reviewer, "waiting": left, "second_looks": len(doubted)})


def _look_again(context: Context, count: int) -> list[GivenLabel]:
    """Let the most suspicious labels wait for another reviewer, and show them."""
    service = context.service
    doubted = look_again(
        context.aws.dynamodb, service.results_table, service.require_reviews(), count
    )
    for one in doubted:
        context.console.print(f"{one.probability:.3f} {one.label} {one.key.image_url}")
    context.console.print(
        f"{number_of(len(doubted), 'label')} with the lowest probabilities will be looked at "
        "again. The reviewer who gave a label does not get its image."
    )
    return doubted


def label(console: Console, options: argparse.Namespace) -> Result:
    """Serve the page for the images of --folder until Ctrl-C.

    Raises:
        InvalidReviewerError: the name has other characters.
        NoSecondReviewerError: an option needs another reviewer.
        NoOverviewError: the option --export needs the service.
        CommandError: the folder cannot be labelled; the class says why.
    """
    from review.folder.session import opened  # loads numpy and scipy, which other commands need not

    if options.two_opinions or options.second_look:
        raise NoSecondReviewerError
    if options.export:
        raise NoOverviewError
    reviewer = _reviewer(options.reviewer or getpass.getuser())
    with opened(options.folder, options.classes, console) as session:

        def started(address: str) -> None:
            console.print(f"{session.greeting} Ctrl-C ends the page.")
            _open(console, options, address)

        alone = Opinions.ALONE
        serve(session.queue, session.pictures, reviewer, options.port, started, opinions=alone)
    return Result(session.result())


def _order(pictures: Pictures, console: Console) -> Order:
    """Order images by margin, and spread them over clusters where the backbone can run."""
    # They load numpy and scipy, which other commands need not.
    from review.order.features import FeatureProcess, FeaturesUnavailableError
    from review.order.ranking import Ranking
    from review.order.waiting_features import WaitingFeatures

    try:
        process = FeatureProcess()
    except FeaturesUnavailableError as exc:
        console.print(f"{exc} Until then similar images without embeddings may follow each other.")
        return Ranking()
    features = WaitingFeatures(lambda key: pictures.read(key).data, process.traits)
    features.start()
    return Ranking(features)


def _open(console: Console, options: argparse.Namespace, address: str) -> None:
    console.print(f"The page: {address}", soft_wrap=True)
    if not options.no_browser:
        webbrowser.open(address)


def _reviewer(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidReviewerError(f"{name!r}. {InvalidReviewerError.__doc__}")
    return name


def _classes(text: str) -> tuple[str, ...]:
    from review.folder.classes import class_names  # loads Pillow

    try:
        return class_names(text)
    except CommandError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _export(context: Context, overview: "ServiceOverview", file: Path) -> Result:
    """Write the overview as one file."""
    try:
        file.write_text(overview.one_file(), encoding="utf-8")
    except OSError as exc:
        raise NotWritableError(f"{file}: {exc.strerror}. {NotWritableError.__doc__}") from exc
    context.console.print(f"The overview: {file}", soft_wrap=True)
    return Result({"file": str(file)})


def _name_of_credentials(context: Context) -> str:
    """Return the user's name, or the session name of a role, from the caller's ARN."""
    arn = context.aws.sts.get_caller_identity()["Arn"]
    return re.split(r"[/:]", arn)[-1]
