"""Prepare images for another process, within limits that the operating system enforces.

`python -m functions.serialize_image.decoder_process SECONDS` reads requests from its standard input
and writes answers to its standard output, as `decoder_frames` describes. SIGPROF ends the process
when an image takes more than SECONDS of processor time.
"""

import json
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from functions.serialize_image.decoder_frames import read_frame, write_frame
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS, ImageTooLargeError

# Address space beyond that of the process before its first image. With its initial 40 MB, the
# process stays below three quarters of the function's memory.
MAX_GROWTH_BYTES = 1_000_000_000


def main(max_seconds: float) -> None:
    """Answer every request until the input ends."""
    limit_process()
    requests = sys.stdin.buffer
    answers = sys.stdout.buffer

    while (data := read_frame(requests)) is not None:
        signal.setitimer(signal.ITIMER_PROF, max_seconds)
        _answer(data, answers)
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_process() -> None:
    """Limit the memory of this process; it writes neither files nor core dumps."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    address_space = pages * resource.getpagesize() + MAX_GROWTH_BYTES

    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(data: bytes, answers: IO[bytes]) -> None:
    facts: dict[str, Any]
    try:
        prepared = prepare_image(data)
        facts = asdict(prepared)
        pixels = facts.pop("data")
    except IMAGE_ERRORS as exc:
        facts = {"error": type(exc).__name__, "message": str(exc)}
        pixels = b""
    except MemoryError:
        message = "The image takes more memory to prepare than is allowed."
        facts = {"error": ImageTooLargeError.__name__, "message": message}
        pixels = b""

    write_frame(answers, json.dumps(facts).encode())
    write_frame(answers, pixels)


if __name__ == "__main__":
    main(float(sys.argv[1]))
