"""Processor time and memory of bad images: Pillow's own test images and those made to harm, each set in a process.

It needs `make build/pillow-images/.ready`. `make test` asserts what becomes of these images and the memory they take.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from untrusted.terminal import say

BAD = ("pillow", "threats", "excess")
SLOWEST = 5


def results(names: Iterable[str]) -> list[dict[str, Any]]:
    """Name, outcome, milliseconds of the processor and megabytes of every image of the sets."""
    # Only as a command: nobody imports tests.
    command = [sys.executable, "-m", "tests.images.measured", *names]
    lines = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()
    return [json.loads(line) for line in lines]


def figures(name: str, images: list[dict[str, Any]]) -> str:
    """One line on a set: how many, processor time, peak memory."""
    times = sorted(image["milliseconds"] for image in images)
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    peak = max(image["megabytes"] for image in images)
    return f"  {name:12} {len(images):5,} images  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  peak {peak:4.0f} MB"


def measure() -> list[str]:
    """Measure every set; tell the figures of each, of the bad ones together, and the slowest of those."""
    sets = {name: results([name]) for name in (*BAD, "largest")}
    bad = [image for name in BAD for image in sets[name]]
    slowest = sorted(bad, key=lambda image: -image["milliseconds"])[:SLOWEST]
    return [
        "bad images, and the largest that are accepted",
        *(figures(name, images) for name, images in sets.items()),
        figures("all bad", bad),
        "  the slowest of the bad:",
        *(f"  {one['milliseconds']:8.0f} ms  {one['outcome']:18} {one['name']}" for one in slowest),
    ]


if __name__ == "__main__":
    say(*measure())
