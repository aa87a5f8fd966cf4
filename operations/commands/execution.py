"""`execution`: show the steps of one execution as a page."""

import argparse
from pathlib import Path

from cli.command_line import Result
from cli.errors import CommandError
from cli.project import project_or_checkout
from operations.service import records
from operations.service.context import Context
from operations.service.execution_page import render
from operations.service.history import read_execution
from operations.service.owners import own_image_url

HELP = "show the steps of one execution as an HTML page"
FOLDER = "build/executions"  # in the project


class ImageNotRecordedError(CommandError):
    """No execution has worked on this image. Check its spelling, and that it is under uploads/."""


class PageNotWritableError(CommandError):
    """The page cannot be written. Name another file with --to."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the execution, and where to write its page."""
    parser.add_argument(
        "execution",
        metavar="ARN | IMAGE",
        help="an execution, or an image (URL or key) whose latest execution is shown",
    )
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help=f"page to write (default: {FOLDER}/NAME.html)"
    )


def run(context: Context, options: argparse.Namespace) -> Result:
    """Write the page of an execution.

    Raises:
        ImageNotRecordedError: no execution has worked on the image.
        PageNotWritableError: the page cannot be written.
    """
    arn = _arn(context, options.execution)
    execution = read_execution(context, arn)
    page = options.to or project_or_checkout() / FOLDER / f"{arn.rpartition(':')[2]}.html"

    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render(execution), encoding="utf-8")
    except OSError as exc:
        raise PageNotWritableError(
            f"{page}: {exc.strerror}. {PageNotWritableError.__doc__}"
        ) from exc

    path = [step.name for step in execution.history.steps]
    context.console.print(f"{execution.status}: {' → '.join(path)}", f"The page: {page}", sep="\n")
    return Result({"execution": arn, "status": execution.status, "path": path, "page": str(page)})


def _arn(context: Context, named: str) -> str:
    """Return the ARN that the user named, or the latest execution that worked on the image."""
    if named.startswith("arn:"):
        return named

    record = records.latest(context, own_image_url(context, named))
    arn = record and (record.opened_by or record.execution)
    if not arn:
        raise ImageNotRecordedError(f"{named!r} has no record. {ImageNotRecordedError.__doc__}")

    return arn
