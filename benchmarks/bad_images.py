"""Measure processor time and memory of bad images, each set in a separate process.

The sets are Pillow's test images and malicious images. `make build/pillow-images/.ready` fetches
them. `make test` checks the outcomes of these images and their memory.
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
    """Return name, outcome, processor milliseconds and megabytes for every image of the sets."""
    # Run as a command, because only tests import tests.
    command = [sys.executable, "-m", "tests.images.measured", *names]
    lines = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()
    return [json.loads(line) for line in lines]


def figures(name: str, images: list[dict[str, Any]]) -> str:
    """Return one line about a set: number of images, processor time, peak memory."""
    times = sorted(image["milliseconds"] for image in images)
    p50 = times[len(times) // 2]
    p99 = times[len(times) * 99 // 100]
    peak = max(image["megabytes"] for image in images)

    return (
        f"  {name:12} {len(images):5,} images  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  "
        f"peak {peak:4.0f} MB"
    )


def measure() -> list[str]:
    """Measure every set; print its figures, those of all bad images, and the slowest bad image."""
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
