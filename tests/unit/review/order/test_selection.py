import numpy as np
import pytest

from review.order.selection import (
    bursts_last,
    cluster_space,
    hash_number,
    margins,
    typical_images,
    uncertain_images,
)

CENTRES = 20 * np.eye(4, 8)


def groups(each: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return points around four centres, and the centre of each."""
    chance = np.random.default_rng(7)
    centre = np.repeat(np.arange(4), each)
    return CENTRES[centre] + chance.normal(size=(len(centre), 8)), centre


def hashes(*texts: str) -> np.ndarray:
    return np.array([hash_number(text) for text in texts])


def test_typical_images_come_from_different_groups() -> None:
    points, centre = groups()
    assert {0, 1, 2, 3} == {int(at) for at in centre[typical_images(points, 8)]}


def test_typical_image_is_the_one_with_the_nearest_neighbours() -> None:
    points = np.array([[0.0], [3.0], [4.0], [5.0], [9.0]])
    assert [2] == typical_images(points, 1)


def test_group_with_a_known_image_gets_no_typical_image() -> None:
    points = np.repeat(CENTRES, 3, axis=0)
    for seed in range(20):
        chosen = typical_images(points, 1, known=[0, 3], seed=seed)
        assert not {*chosen} & set(range(6))


def test_image_that_is_not_allowed_is_not_typical() -> None:
    points = np.array([[0.0], [3.0], [4.0], [5.0], [9.0]])
    assert [1] == typical_images(points, 1, allowed=[0, 1, 4])


def test_same_seed_chooses_the_same_images() -> None:
    points, _ = groups()
    assert typical_images(points, 6, seed=3) == typical_images(points, 6, seed=3)


@pytest.mark.parametrize("count", [0, 5])
def test_no_images_have_no_typical_image(count: int) -> None:
    assert [] == typical_images(np.empty((0, 8)), count)


def test_fewer_images_than_asked_for_are_all_typical() -> None:
    chosen = {image for seed in range(20) for image in typical_images(CENTRES, 9, seed=seed)}
    assert {0, 1, 2, 3} == chosen


def test_margin_is_the_difference_of_the_two_largest_probabilities() -> None:
    found = margins(np.array([[0.2, 0.7, 0.1], [0.5, 0.0, 0.5]]))
    assert [0.5, 0.0] == pytest.approx(found.tolist())


def test_uncertain_images_are_spread_over_groups() -> None:
    points, centre = groups()
    margin = np.where(centre == 0, 0.01, 0.02)
    chosen = uncertain_images(points, margin, range(len(points)), 8)
    assert {0, 1, 2, 3} == {int(at) for at in centre[chosen]}


def test_uncertain_image_has_the_smallest_margin_of_its_group() -> None:
    points = np.array([[0.0], [0.1], [9.0], [9.1]])
    margin = np.array([0.4, 0.3, 0.2, 0.1])
    assert [3, 1] == uncertain_images(points, margin, range(4), 2)


def test_certain_images_are_not_chosen_while_uncertain_ones_are_left() -> None:
    chance = np.random.default_rng(1)
    margin = chance.permutation(200) / 200
    chosen = uncertain_images(chance.normal(size=(200, 4)), margin, range(200), 5)
    assert margin[chosen].max() < 50 / 200


def test_as_many_uncertain_images_are_chosen_as_asked_for_although_all_are_alike() -> None:
    chosen = uncertain_images(np.zeros((50, 4)), np.arange(50.0), range(50), 5)
    assert 5 == len({*chosen})


def test_only_candidates_are_chosen() -> None:
    points, _ = groups()
    margin = np.linspace(0, 1, len(points))
    assert {30, 40} == {*uncertain_images(points, margin, [40, 30], 5)}


def test_second_image_of_a_burst_comes_after_all_others() -> None:
    burst = hashes("00000000000000ff", "00000000000000f0", "ff00000000000000")
    first, duplicates = bursts_last([1, 0, 2], burst)
    assert [1, 2] == first
    assert [0] == duplicates


def test_images_that_differ_in_five_bits_are_no_burst() -> None:
    first, duplicates = bursts_last([0, 1], hashes("000000000000001f", "0000000000000000"))
    assert [0, 1] == first
    assert [] == duplicates


def test_near_duplicate_of_a_known_image_comes_after_all_others() -> None:
    burst = hashes("0000000000000000", "0000000000000001", "ffffffffffffffff")
    first, duplicates = bursts_last([1, 2], burst, known=[0])
    assert [2] == first
    assert [1] == duplicates


def test_cluster_space_ignores_the_length_of_features() -> None:
    features = np.abs(np.random.default_rng(5).normal(size=(30, 100))).astype(np.float32)
    lengths = np.linspace(1, 9, 30)[:, np.newaxis].astype(np.float32)
    expected = cluster_space(features)
    assert expected == pytest.approx(cluster_space(features * lengths), abs=1e-4)


def test_cluster_space_has_at_most_64_axes() -> None:
    features = np.random.default_rng(5).normal(size=(100, 300)).astype(np.float32)
    assert (100, 64) == cluster_space(features).shape


def test_image_without_any_feature_is_in_the_cluster_space() -> None:
    features = np.vstack([np.zeros(8), np.eye(3, 8)]).astype(np.float32)
    assert np.isfinite(cluster_space(features)).all()
