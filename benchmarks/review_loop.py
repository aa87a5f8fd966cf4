"""Measure the review loop: `python -m benchmarks.review_loop [--draws 40] [--json FILE]`.

Simulated reviewers label CIFAR-10 photos and err in 4.6 % of their answers. Audits need two
answers that agree, or a third one. A precision of 0.95 is to be guaranteed.

- Three rounds: uncertain photos train, audits calibrate. How often is the guarantee kept? Beside
  it, a naive mix calibrates with reviewed photos and with the model's own answers.
- 1,000 audits, labelled by one reviewer, or by two and a third. How often is there a threshold?

Each draw divides 20,000 photos again. Precision and coverage are measured with true labels, on the
photos that are in no other part: 7,000 in the rounds, 16,500 with the audits.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.features import Photos, photos
from benchmarks.review_rounds import (
    ERROR,
    GUARANTEE,
    Calibration,
    Loop,
    Measured,
    calibrated,
    measured,
    reviewed,
    reviewers_of,
    standing,
    trained,
)
from review.order.selection import cluster_space
from training.statistics.metrics import wilson_interval
from untrusted.console import Console, track

BATCH = 10_000  # photos of CIFAR-10's training batches, and of its test batch
TRAIN, VALIDATION, AUDITS = 2_000, 500, 1_000  # photos of the second question
LEAST_COVERAGE = 0.65
LEAST_SHARE = 0.95  # of the draws: 38 of 40
MOST_NAIVE = 0.5  # of the draws in which the naive mix may keep the guarantee by luck
# Whose labels calibrate. The naive mix has those of uncertain photos and the model's own answers.
LOOP, NAIVE = "audits", "naive mix"
ONE, PANEL, TRUTH = "one person", "two + third", "the truth"


@dataclass(frozen=True)
class Row:
    """A way to calibrate, in one draw and after one round (None without rounds)."""

    way: str
    draw: int
    round: int | None
    measured: Measured


def all_photos() -> Photos:
    """Return the photos of both batches: their models are alike, so they form one pool."""
    parts = [photos(batch, BATCH) for batch in ("train", "test")]
    return Photos(
        np.vstack([part.features for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def rounds(pool: Photos, draws: int, console: Console) -> Iterator[Row]:
    """Run the loop and the naive mix in each draw."""
    points = cluster_space(pool.features)
    trials = [(draw, way) for draw in range(draws) for way in (LOOP, NAIVE)]
    for draw, way in track(console, "Three rounds", trials, len(trials)):
        found = Loop(pool, points, draw, naive=way == NAIVE).run()
        yield from (Row(way, draw, number, one) for number, one in enumerate(found, start=1))


def opinions(pool: Photos, draws: int, console: Console) -> Iterator[Row]:
    """Calibrate with 1,000 audits that are labelled in different ways."""
    for draw in track(console, "Audits", range(draws), draws):
        order = np.random.default_rng(draw).permutation(len(pool))
        cuts = np.cumsum([TRAIN, VALIDATION, AUDITS])
        train, validation, audits, held_out = (pool.of(part) for part in np.split(order, cuts))
        head = trained(train, validation)
        probabilities = head.probabilities(audits.features)
        panel = reviewers_of(draw, ERROR)
        answers = reviewed(audits.labels, probabilities, True, panel)
        labels = {
            ONE: standing([one[:1] for one in answers]),
            PANEL: standing(answers),
            TRUTH: audits.labels,
        }
        for way, given in labels.items():
            found: Calibration = calibrated(head, Photos(audits.features, given))
            yield Row(way, draw, None, measured(found, held_out))


def kept_table(rows: Sequence[Row]) -> Table:
    """Return how often the guarantee is kept, with one line for each way and round."""
    shown = Table(
        *("labels", "round", "draws", "threshold", "kept", "95 % interval"),
        title=f"How often a guarantee of {GUARANTEE.precision:g} is kept",
        caption="threshold: draws that have one. The others do not count as kept.",
    )
    for way, number, own in _groups(rows):
        kept = sum(one.is_kept for one in own)
        low, high = wilson_interval(kept, len(own))
        chosen = sum(one.has_threshold for one in own)
        interval = f"{100 * low:.1f} to {100 * high:.1f} %"
        shown.add_row(way, number, str(len(own)), str(chosen), str(kept), interval)
    return shown


def effect_table(rows: Sequence[Row]) -> Table:
    """Return the mean precision, coverage and accuracy, with one line for each way and round."""
    shown = Table(
        *("labels", "round", "precision", "coverage", "lowest", "accuracy", "conflict"),
        title="Draws with a threshold: mean precision and coverage",
        caption="conflict: draws without a threshold whose labels contradict the model",
    )
    for way, number, own in _groups(rows):
        chosen = [one for one in own if one.precision is not None]
        coverages = [one.coverage for one in chosen if one.coverage is not None]
        shown.add_row(
            *(way, number),
            _mean([one.precision for one in chosen if one.precision is not None]),
            _mean(coverages),
            f"{min(coverages):.1%}" if coverages else "-",
            _mean([one.accuracy for one in own]),
            str(sum(one.conflict for one in own)),
        )
    return shown


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, str, list[Measured]]]:
    """Yield each way and round with its figures."""
    for way, number in dict.fromkeys((row.way, row.round) for row in rows):
        own = [row.measured for row in rows if (row.way, row.round) == (way, number)]
        yield way, str(number or "-"), own


def reached(rows: Sequence[Row]) -> dict[str, bool]:
    """Return for each bound whether the figures reach it."""
    by_way = {
        way: [row.measured for row in rows if row.way == way]
        for way in (LOOP, NAIVE, ONE, PANEL, TRUTH)
    }
    share = {way: _share([one.is_kept for one in found]) for way, found in by_way.items()}
    coverages = [one.coverage for one in by_way[PANEL] if one.coverage is not None]
    return {
        f"the loop keeps the guarantee in {LEAST_SHARE:.0%}": share[LOOP] >= LEAST_SHARE,
        "the naive mix does not": share[NAIVE] <= MOST_NAIVE,
        f"two and a third find a threshold in {LEAST_SHARE:.0%}": len(coverages)
        >= LEAST_SHARE * len(by_way[PANEL]),
        f"two and a third cover {LEAST_COVERAGE:.0%} on average": bool(coverages)
        and float(np.mean(coverages)) >= LEAST_COVERAGE,
    }


def main() -> int:
    """Measure, print the table, and return 0 if every bound is reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=40, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    asked = parser.parse_args()
    progress = Console(stderr=True)
    pool = all_photos()
    rows = [*rounds(pool, asked.draws, progress), *opinions(pool, asked.draws, progress)]

    bounds = reached(rows)
    console = Console()
    console.print(kept_table(rows), effect_table(rows), sep="\n")
    for bound, holds in bounds.items():
        console.print(f"{'reached' if holds else 'MISSED'}: {bound}")
    if asked.json:
        data: dict[str, Any] = {"rows": [asdict(row) for row in rows], "reached": bounds}
        asked.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0 if all(bounds.values()) else 1


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.1%}" if values else "-"


if __name__ == "__main__":
    sys.exit(main())
