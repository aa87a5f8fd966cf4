import numpy as np
import pytest

from benchmarks.features import Photos
from benchmarks.selection import Figure, interval, near_duplicates, table
from benchmarks.selection_strategies import (
    PRODUCT,
    STRATEGIES,
    Labelling,
    Plan,
    core_set,
    label,
    largest_entropy,
    smallest_margins,
)
from review.order.selection import cluster_space
from untrusted.console import Console


def labelling(known: tuple[int, ...] = ()) -> Labelling:
    """Return a pool of three groups of 20 photos."""
    chance = np.random.default_rng(4)
    labels = np.repeat(np.arange(3), 20)
    features = (3 * np.eye(3, 16)[labels] + chance.random((60, 16))).astype(np.float32)
    return Labelling(Photos(features, labels), 3, 0, cluster_space(features), None, list(known))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_labels_equally_many_photos_once(strategy: str) -> None:
    found = labelling()
    label(found, Plan(start=6, batch=4, total=17), STRATEGIES[strategy])
    assert 17 == len(found.known)
    assert 17 == len({*found.known})


def test_core_set_takes_the_photos_that_are_farthest_from_all_labels() -> None:
    found = labelling(known=(0,))
    groups = {int(found.pool.labels[image]) for image in core_set(found, 2)}
    assert {1, 2} == groups


@pytest.mark.parametrize("choose", [smallest_margins, largest_entropy])
def test_photo_between_two_groups_is_uncertain(choose: object) -> None:
    found = labelling(known=(0, 1, 20, 21, 40, 41))
    found.pool.features[30] = found.pool.features[[0, 20]].mean(axis=0)
    assert callable(choose)
    assert [30] == choose(found, 1)


def test_known_bursts_are_not_labelled_twice() -> None:
    found = labelling(known=(0,))
    found.hashes = np.repeat(np.array([0, 2**20 - 1, 2**40 - 1], np.uint64), 20)
    assert {1, 2} == {int(found.pool.labels[image]) for image in found.unknown}
    assert 2 == len(found.unknown)


def test_burst_has_five_photos_of_one_motif() -> None:
    photo = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    shots = list(near_duplicates(photo))
    assert 5 == len(shots)
    assert all(shot.shape == photo.shape for shot in shots)


def test_interval_is_a_t_interval_over_the_seeds() -> None:
    # scipy.stats.ttest_1samp([0.01, 0.02, 0.03], 0).confidence_interval(): -0.0048 to 0.0448
    assert "2.00 (-0.48 to 4.48)" == interval(np.array([0.01, 0.02, 0.03]))


def test_table_shows_the_gain_over_random_labels() -> None:
    values = {"random": 0.9, PRODUCT: 0.92}
    figures = [
        Figure("2 classes", "accuracy", name, seed, values.get(name, 0.89) + seed / 1000, 2000)
        for name in STRATEGIES
        for seed in range(3)
    ]
    console = Console(record=True, width=200)
    console.print(table(figures, "2 classes", "accuracy"))
    text = console.export_text()
    assert "2.00 (2.00 to 2.00)" in text
    assert "3 of 3 seeds" in text
    assert "0 of 3 seeds" in text
