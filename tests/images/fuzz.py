"""Prepare randomly damaged images, as `make soak` does.

    python -m tests.images.fuzz --count 30000 --seed 1

It prints its progress, then a verdict as JSON. It ends with 1 if an image ended its process, raised
an unnamed error, or was accepted with other pixels than Pillow reads from the file. Such an image
is stored as a file. The n-th image of a seed is always the same.
"""

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tests.images.measured import ACCEPTED, COMPARE, OTHER_PIXELS, OUTCOMES, Measured, measured
from tests.images.mutations import mutation, mutations
from tests.images.pillow_images import ROOT

PROCESSES = 2
KEPT = ROOT / "build/fuzz"
NEWS = 1_000  # images between two lines of progress


@dataclass
class Verdict:
    """The results of all images; a failure has name, outcome and file."""

    seed: int
    images: int = 0
    accepted: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    signals: int = 0
    unnamed: int = 0
    other_pixels: int = 0
    peak_megabytes: float = 0.0

    def add(self, one: Measured, folder: Path) -> None:
        """Count one image; keep its file if it is a failure."""
        self.images += 1
        self.peak_megabytes = max(self.peak_megabytes, one.megabytes)
        if one.outcome == ACCEPTED:
            self.accepted += 1
        elif one.outcome in OUTCOMES:
            self.errors[one.outcome] += 1
        else:
            self.signals += one.outcome.startswith("SIG")
            self.other_pixels += one.outcome == OTHER_PIXELS
            self.unnamed += not one.outcome.startswith("SIG") and one.outcome != OTHER_PIXELS
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{self.seed}-{one.name}"
            file.write_bytes(mutation(self.seed, int(one.name)))
            self.failures.append({"outcome": one.outcome, "file": str(file)})


def fuzz(count: int, seed: int, folder: Path = KEPT, news: bool = False) -> Verdict:
    """Prepare the first `count` images of a seed, in two processes at a time."""
    verdict, lock = Verdict(seed), Lock()

    def work(first: int, end: int) -> None:
        for one in measured(mutations(seed, first, end), COMPARE):
            with lock:
                verdict.add(one, folder)
                if news and verdict.images % NEWS == 0:
                    said = (
                        f"{verdict.images:,} of {count:,} damaged images, "
                        f"{len(verdict.failures)} failures"
                    )
                    print(said, file=sys.stderr, flush=True)

    share = -(-count // PROCESSES)
    with ThreadPoolExecutor(PROCESSES) as threads:
        parts = [
            threads.submit(work, first, min(first + share, count))
            for first in range(0, count, share)
        ]
        for part in parts:
            part.result()
    return verdict


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Prepare randomly damaged images, and judge the results."
    )
    parser.add_argument("--count", type=int, default=30_000, help="images (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the seed of the damage (default %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    chosen = arguments()
    result = fuzz(chosen.count, chosen.seed, news=True)
    print(json.dumps(vars(result) | {"passed": not result.failures}, indent=1))
    sys.exit(bool(result.failures))
