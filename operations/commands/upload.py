"""`upload`: upload images from files and folders, and show their results as they are recorded."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from rich.progress import Progress

from cli.arguments import add_timeout_argument, whole
from cli.command_line import Result
from cli.console import number_of
from cli.errors import CommandError
from cli.outcomes import FAILED, OUTCOMES
from cli.polling import poll
from cli.service import UPLOADS
from operations.service import results
from operations.service.context import Context
from operations.service.executions import RATE, paced
from operations.service.uploads import LocalImage, Upload, gather, upload
from untrusted.console import progress

HELP = "upload images, and show their results as they come"
TIMEOUT = "1h"  # an execution at a throttled endpoint can take that long
_LOOKED_UP = 500  # records at a time
_PAUSE = 1.0  # seconds between two polls while the upload continues


class PrefixNotUploadsError(CommandError):
    """Only images under uploads/ start the workflow. Give a --prefix such as uploads/2026/."""

    status = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="DIR | FILE", help="images, or folders of images")
    add(
        "--prefix",
        default=UPLOADS,
        help="prefix of the uploaded images, such as uploads/2026/ (default: %(default)s)",
    )
    add(
        "--rate",
        type=whole(1, 1000),
        default=RATE,
        metavar="N",
        help="number of images to upload per second (default: %(default)s)",
    )
    add("--no-wait", action="store_true", help="upload the images, and do not wait for results")
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> Result:
    """Upload the images and follow them until each has an outcome.

    Raises:
        PrefixNotUploadsError: the prefix is not under uploads/.
        NotAFileError, NoImagesError, SameKeyError, InvalidKeyError: nothing was uploaded.
        FileNotReadableError: a file could not be read; the images before it are uploaded.
    """
    if not options.prefix.startswith(UPLOADS):
        raise PrefixNotUploadsError(f"{options.prefix!r}: {PrefixNotUploadsError.__doc__}")

    prefix = options.prefix.rstrip("/") + "/"
    images = gather(options.paths, prefix)
    size = sum(image.size for image in images)
    url = context.service.image_url(prefix)
    context.console.print(f"{number_of(len(images), 'image')}, {size / 1e6:,.1f} MB, to {url}")

    following = Following(context)
    with progress(context.console) as bars:
        _upload(context, options, images, following, bars)
        if not options.no_wait:
            following.wait(options.timeout)

    data = following.data() | {"prefix": prefix, "images": len(images), "bytes": size}
    _conclude(context, following, waited=not options.no_wait)
    if options.no_wait:
        return Result(data)

    well = not following.awaited and not following.outcomes[FAILED]
    return Result(data, 0 if well else 1)


def _upload(
    context: Context,
    options: argparse.Namespace,
    images: list[LocalImage],
    following: "Following",
    bars: Progress,
) -> None:
    bar = bars.add_task("Uploaded", total=len(images), note="")
    if not options.no_wait:
        following.show_progress(bars, len(images))

    def send(image: LocalImage) -> Upload:
        return upload(context, image)

    polled_at = monotonic()

    for uploaded in paced(send, images, options.rate):
        following.add(uploaded)
        note = f"{following.known:,} were uploaded before" if following.known else ""
        bars.update(bar, advance=1, note=note)
        if not options.no_wait and monotonic() - polled_at > _PAUSE:
            following.poll()
            polled_at = monotonic()


class Following:
    """The uploaded images, and the results that they have so far."""

    def __init__(self, context: Context) -> None:
        """Begin without images."""
        self._context = context
        self._bars: Progress | None = None
        self.awaited: dict[tuple[str, str], Upload] = {}
        self.results: list[dict[str, Any]] = []
        self.outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self.uploaded = 0
        self.known = 0

    def add(self, uploaded: Upload) -> None:
        """Follow an image from now on."""
        self.awaited[uploaded.key] = uploaded
        self.known += uploaded.known
        self.uploaded += not uploaded.known

    def show_progress(self, bars: Progress, total: int) -> None:
        """Show a bar of the images that have an outcome."""
        self._bars = bars
        self._bar = bars.add_task("Decided", total=total, note="")

    def poll(self) -> None:
        """Look up the records of some of the images, those that were not looked up lately."""
        asked = list(self.awaited)[:_LOOKED_UP]
        for result in results.find(self._context, asked):
            uploaded = self.awaited.pop((result["image_url"], result["version"]))
            self.outcomes[result["outcome"]] += 1
            self.results.append({"file": str(uploaded.image.path), **result})
            self._context.console.print(results.line(result))

        for key in asked:
            if key in self.awaited:
                self.awaited[key] = self.awaited.pop(key)

        if self._bars:
            failed = self.outcomes[FAILED]
            note = f"{failed:,} failed" if failed else ""
            self._bars.update(self._bar, completed=len(self.results), note=note)

    def wait(self, timeout: float) -> None:
        """Look until every image has an outcome, or the time is over."""
        for _ in poll(timeout):
            for _ in self._rounds():
                self.poll()
            if not self.awaited:
                break

    def _rounds(self) -> Iterator[int]:
        yield from range(0, len(self.awaited), _LOOKED_UP)

    def data(self) -> dict[str, Any]:
        """Return the counts and results for --json."""
        return {
            "uploaded": self.uploaded,
            "uploaded_before": self.known,
            "outcomes": dict(self.outcomes),
            "without_outcome": len(self.awaited),
            "results": self.results,
        }


def _conclude(context: Context, following: Following, *, waited: bool) -> None:
    say = context.console.print
    before = f", {following.known:,} were uploaded before" if following.known else ""
    say(f"{number_of(following.uploaded, 'image')} uploaded{before}.")
    if not waited:
        say("`scones results` lists the outcomes that are recorded.")
        return

    counts = ", ".join(f"{count:,} {name}" for name, count in following.outcomes.items())
    say(f"Outcomes: {counts}, {len(following.awaited):,} without one yet.")
    if following.outcomes[FAILED]:
        say("Repair the cause of the failures, then run `scones redrive`.")

    if following.awaited:
        say("Run the same command again to continue. `scones reconcile` finds lost images.")
