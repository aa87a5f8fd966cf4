"""Measure outcome, processor time and memory of images in a separate process.

`python -m tests.images.measured threats excess` prints a line of JSON for every image.
With --compare, an accepted image whose pixels are not those of the file ends as `OTHER_PIXELS`.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from cli.template import read_template
from functions.serialize_image.bounded_decoder import MAX_SECONDS
from functions.serialize_image.decoder_frames import read_frame, write_frame
from functions.serialize_image.decoder_process import limit_process
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS
from tests.images.excess import excess, largest
from tests.images.file_pixels import has_pixels_of_file
from tests.images.pillow_images import ROOT, pillow_images
from tests.images.threats import threats

Images = Iterable[tuple[str, bytes]]
SETS: dict[str, Callable[[], Images]] = {
    "pillow": pillow_images,
    "threats": threats,
    "excess": excess,
    "largest": largest,
}

ACCEPTED = "accepted"
OUTCOMES = frozenset({ACCEPTED, *(error.__name__ for error in IMAGE_ERRORS)})
OTHER_PIXELS = "other pixels than the file's"
MEMORY = read_template()["Resources"]["SerializeImageFunction"]["Properties"]["MemorySize"]  # MB
COMPARING_SECONDS = 60  # for Pillow without our limits; beyond them it is killed


class MeasuringError(Exception):
    """The process that prepares images ended without an image as the cause."""


@dataclass(frozen=True)
class Measured:
    """A result: one of `OUTCOMES`, another error, or the signal that ended the process."""

    name: str
    outcome: str
    milliseconds: float = 0.0
    megabytes: float = 0.0


COMMAND = (sys.executable, "-m", "tests.images.measured", "serve")
COMPARE = (*COMMAND, "--compare")


def measured(images: Images, command: Sequence[str] = COMMAND) -> Iterator[Measured]:
    """Prepare images in turn in another process, and start a new one after an image ended it.

    Raises:
        MeasuringError: the process ended without an image as the cause.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        for name, data in images:
            process = process or _start(command)
            answer = _ask(process, data)
            if answer:
                yield Measured(name, **json.loads(answer))
            else:
                yield Measured(name, _signal(process))
                process = None
    finally:
        if process:
            process.communicate()  # the end of its input ends it


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _ask(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    assert process.stdin
    assert process.stdout
    write_frame(process.stdin, data)
    return process.stdout.readline()


def _signal(process: subprocess.Popen[bytes]) -> str:
    process.communicate()
    if process.returncode >= 0:
        raise MeasuringError(f"The process that prepares images ended with {process.returncode}.")
    return signal.Signals(-process.returncode).name


def prepare(data: bytes, compare: bool) -> dict[str, str | float]:
    """Prepare an image in this process; the megabytes are its peak."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)  # ends this process, as in the function
    start = time.process_time()
    prepared = None
    try:
        prepared = prepare_image(data)
        outcome = ACCEPTED
    except IMAGE_ERRORS as exc:
        outcome = type(exc).__name__
    except Exception as exc:  # noqa: BLE001 - any error is a result
        outcome = repr(exc)
    milliseconds = 1000 * (time.process_time() - start)
    signal.setitimer(signal.ITIMER_PROF, 0)
    megabytes = peak_megabytes()

    if compare and prepared:
        signal.alarm(COMPARING_SECONDS)
        outcome = outcome if has_pixels_of_file(prepared, data) else OTHER_PIXELS
        signal.alarm(0)
    return {"outcome": outcome, "milliseconds": milliseconds, "megabytes": megabytes}


def peak_megabytes() -> float:
    [line] = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024


def serve(source: BinaryIO, compare: bool) -> None:
    """Answer every image that is read, until there are no more."""
    limit_process()
    while (data := read_frame(source)) is not None:
        print(json.dumps(prepare(data, compare)), flush=True)


if __name__ == "__main__":
    compare, names = "--compare" in sys.argv, [one for one in sys.argv[1:] if one != "--compare"]
    if names == ["serve"]:
        serve(sys.stdin.buffer, compare)
    else:
        for one in names:
            for result in measured(SETS[one](), COMPARE if compare else COMMAND):
                print(json.dumps(asdict(result)), flush=True)
