"""Check small trials of `python -m benchmarks.drift` with real photos and made-up answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.drift import CLASS_MIXES, NONE, Photos, Row, changed, is_found, mixed, rows, totals
from training.statistics.image_statistics import image_statistics
from training.statistics.sample import Sample

DARK = "dark (60 % of the light)"
UPSIDE_DOWN = "upside down"
SIZES = (300, 100)  # the reference, the recent ones
SAMPLES = Path(__file__).parents[3] / "examples/photos"
CLASSES = ("automobile", "truck")


def photos(images: Sequence[bytes], labels: Sequence[int]) -> Photos:
    """Return photos with confident and right answers."""
    confidences = np.random.default_rng(0).beta(8, 1, len(images)).tolist()
    statistics = [image_statistics(image) for image in images]
    return Photos(np.array(labels), [f"class {label}" for label in labels], confidences, statistics)


@pytest.fixture(scope="module")
def known() -> dict[str, Photos]:
    """Return sample images unchanged, darkened, and upside down."""
    paths = [
        (path, label)
        for label in range(2)
        for path in sorted(SAMPLES.glob(f"[ct]*/{CLASSES[label]}/*.*"))[:250]
    ]
    images = [path.read_bytes() for path, _ in paths]
    labels = [label for _, label in paths]
    return {
        drift: photos([changed(one, drift) for one in images], labels)
        for drift in (NONE, DARK, UPSIDE_DOWN)
    }


def test_drift_is_rarely_reported_without_drift_and_always_for_dark_images(
    known: dict[str, Photos],
) -> None:
    undrifted, dark = rows(known, [0], {NONE: 40, DARK: 10}, SIZES)
    assert undrifted.reached is True
    assert 10 == dark.found


def test_a_seed_gives_the_same_trials(known: dict[str, Photos]) -> None:
    trials = {"class mix, half as often": 10}
    assert list(rows(known, [3], trials, SIZES)) == list(rows(known, [3], trials, SIZES))


@pytest.mark.parametrize("drift", [NONE, UPSIDE_DOWN, *CLASS_MIXES])
def test_no_photo_is_in_both_samples(
    known: dict[str, Photos], drift: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[set[int]] = []

    def sample(photos: Photos, chosen: Sequence[int]) -> Sample:
        drawn.append(set(chosen))
        return original(photos, chosen)

    original = Photos.sample
    monkeypatch.setattr(Photos, "sample", sample)
    is_found(known, drift, np.random.default_rng(0), SIZES)
    reference, recent = drawn
    assert SIZES[0] == len(reference)
    assert set() == reference & recent
    assert SIZES[1] * 0.9 < len(recent) <= SIZES[1]


def test_half_of_the_classes_in_a_mix_are_less_frequent() -> None:
    labels = np.arange(10_000) % 2
    chosen = mixed(np.arange(10_000), labels, np.random.default_rng(0), 1_000, as_often=1 / 3)
    assert (
        150 < min(np.bincount(labels[chosen])) < 350
    )  # a quarter of them; never so far off by chance


def test_judged_drift_is_reported_in_most_trials() -> None:
    found = [
        Row(0, DARK, 96, 100),
        Row(1, DARK, 90, 100),
        Row(0, NONE, 4, 100),
        Row(1, NONE, 8, 100),
    ]
    assert [(DARK, 186, 200, False), (NONE, 12, 200, False)] == [
        (row.drift, row.found, row.n, row.reached) for row in totals(found)
    ]
