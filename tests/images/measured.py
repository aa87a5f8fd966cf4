"""What becomes of images, measured in a process of its own that may die of one: outcome, processor time, memory.

`python -m tests.images.measured threats excess` prints a line of JSON for every image of these sets.
"""

import json
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from functions.serialize_image.image_preparation import (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
    UnsupportedImageFormatError,
    prepare_image,
)
from tests.images.excess import excess, largest
from tests.images.pillow_images import ROOT, pillow_images
from tests.images.threats import threats

Images = Iterable[tuple[str, bytes]]
SETS: dict[str, Callable[[], Images]] = {
    "pillow": pillow_images,
    "threats": threats,
    "excess": excess,
    "largest": largest,
}

NAMED_ERRORS = (CorruptImageError, EmptyImageError, ImageTooLargeError, UnsupportedImageFormatError)
ACCEPTED = "accepted"
OUTCOMES = frozenset({ACCEPTED, *(error.__name__ for error in NAMED_ERRORS)})
MEMORY = 1769  # MB, of the function
ADDRESS_SPACE = MEMORY * 3 // 4 * 2**20  # bytes; a quarter to spare
SECONDS = 25  # for one image; the function has 30
LENGTH = struct.Struct(">I")


class MeasuringError(Exception):
    """The process that prepares images ended, and not because of an image."""


@dataclass(frozen=True)
class Measured:
    """An outcome is one of `OUTCOMES`, or else another error or the signal that ended the process."""

    name: str
    outcome: str
    milliseconds: float = 0.0
    megabytes: float = 0.0


COMMAND = (sys.executable, "-m", "tests.images.measured")


def measured(images: Images, command: Sequence[str] = COMMAND) -> Iterator[Measured]:
    """Prepare images one after the other in another process, in a new one behind each image that ended it.

    Raises MeasuringError.
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
    process.stdin.write(LENGTH.pack(len(data)))
    process.stdin.write(data)
    process.stdin.flush()
    return process.stdout.readline()


def _signal(process: subprocess.Popen[bytes]) -> str:
    process.communicate()
    if process.returncode >= 0:
        raise MeasuringError(f"The process that prepares images ended with {process.returncode}.")
    return signal.Signals(-process.returncode).name


def prepare(data: bytes) -> dict[str, str | float]:
    """Prepare an image here; the megabytes are the most that this process held meanwhile."""
    signal.alarm(SECONDS)  # the end of this process, whatever it is doing
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of before
    start = time.process_time()
    try:
        prepare_image(data)
        outcome = ACCEPTED
    except NAMED_ERRORS as exc:
        outcome = type(exc).__name__
    except Exception as exc:  # noqa: BLE001 - what it is, is the question
        outcome = repr(exc)
    milliseconds = 1000 * (time.process_time() - start)
    signal.alarm(0)
    return {"outcome": outcome, "milliseconds": milliseconds, "megabytes": peak_megabytes()}


def peak_megabytes() -> float:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def serve(source: BinaryIO) -> None:
    """Answer every image that is read, until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    while header := source.read(LENGTH.size):
        print(json.dumps(prepare(source.read(LENGTH.unpack(header)[0]))), flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        serve(sys.stdin.buffer)
    for one in sys.argv[1:]:
        for result in measured(SETS[one]()):
            print(json.dumps(asdict(result)), flush=True)
