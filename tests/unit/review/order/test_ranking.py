from collections.abc import Sequence

import numpy as np
import pytest

from review.images import ImageKey, Reason, WaitingImage
from review.order.ranking import BATCH, OLDEST_EVERY, Ranking, rank
from review.order.waiting_features import WaitingFeatures


def waiting(name: str, margin: float, image_hash: str = "", embedding: str = "") -> WaitingImage:
    """Return an image that waits for a review; the model is unsure by this margin."""
    likelier = (1 + margin) / 2
    return WaitingImage(
        key=ImageKey(f"s3://images/{name}", "1"),
        reason=Reason.REVIEW,
        outcome="REVIEW",
        classification="truck",
        confidence_score=likelier,
        class_probabilities={"truck": likelier, "automobile": 1 - likelier},
        audit_drawn=False,
        audit_probability=0.01,
        model_digest="sha256:model",
        recorded_at="2026-01-01",
        revision=0,
        image_hash=image_hash,
        embedding=embedding,
    )


def names(images: Sequence[WaitingImage]) -> list[str]:
    return [image.key.image_url.rpartition("/")[2] for image in images]


def test_smallest_margin_comes_first() -> None:
    window = [waiting("sure", 0.9), waiting("unsure", 0.1), waiting("so-so", 0.5)]
    assert ["unsure", "so-so", "sure"] == names(rank(window))


def test_images_of_equal_margins_keep_their_order() -> None:
    window = [waiting(str(number), 0.5) for number in range(9)]
    assert [str(number) for number in range(9)] == names(rank(window))


def test_every_fourth_image_is_the_longest_waiting_one() -> None:
    window = [waiting("oldest", 0.9), *(waiting(str(n), n / 100) for n in range(8))]
    assert OLDEST_EVERY - 1 == names(rank(window)).index("oldest")


def test_every_image_is_ranked_once() -> None:
    window = [waiting(str(n), (7 * n % 40) / 40, f"{n % 5:016x}") for n in range(40)]
    assert sorted(names(window)) == sorted(names(rank(window)))


def test_empty_window_is_ranked() -> None:
    assert [] == rank([])


def test_near_duplicate_comes_after_all_others() -> None:
    window = [
        waiting("burst-1", 0.1, "00000000000000ff"),
        waiting("burst-2", 0.2, "00000000000000fe"),
        waiting("alone", 0.9, "ff00ff00ff00ff00"),
    ]
    assert ["burst-1", "alone", "burst-2"] == names(rank(window))


def test_near_duplicate_of_a_shown_image_comes_after_all_others() -> None:
    window = [waiting("again", 0.1, "00000000000000ff"), waiting("new", 0.9, "ff00ff00ff00ff00")]
    assert ["new", "again"] == names(rank(window, ["00000000000000fe"]))


def test_images_of_old_records_without_a_hash_are_no_near_duplicates() -> None:
    window = [waiting("a", 0.1), waiting("b", 0.2), waiting("c", 0.9, "0000000000000000")]
    assert ["a", "b", "c"] == [*names(rank(window, ["0000000000000000"]))[:2], "c"]


def test_class_that_stands_alone_is_certain() -> None:
    only = waiting("only", 0.0)
    object.__setattr__(only, "class_probabilities", {"truck": 1.0})
    assert ["unsure", "only"] == names(rank([only, waiting("unsure", 0.5)]))


def clustered() -> tuple[list[WaitingImage], dict[ImageKey, np.ndarray]]:
    """Return images of which the most uncertain ones are all of one cluster."""
    window = [waiting(str(n), n / 100) for n in range(2 * BATCH)]
    points = {
        image.key: np.eye(BATCH + 1, dtype=np.float32)[max(0, number - BATCH)] * 9
        for number, image in enumerate(window)
    }
    return window, points


def test_first_images_are_spread_over_clusters() -> None:
    window, points = clustered()
    first = rank(window, points=points)[:BATCH]
    assert len({tuple(points[image.key]) for image in first}) > BATCH // 2
    assert 1 == len({tuple(points[image.key]) for image in rank(window)[:3]})


def test_image_without_features_is_ranked_as_well() -> None:
    window, points = clustered()
    late = waiting("late", 0.0)
    assert "late" in names(rank([*window, late], points=points))


def test_near_duplicate_of_an_image_on_a_page_waits() -> None:
    ranking = Ranking()
    ranking.show(waiting("shown", 0.1, "00000000000000ff"))
    window = [waiting("again", 0.1, "00000000000000fe"), waiting("new", 0.9, "ff00ff00ff00ff00")]
    assert ["new", "again"] == names(ranking.ranked(window))


def test_image_that_was_given_back_is_no_duplicate_of_itself() -> None:
    ranking = Ranking()
    skipped = waiting("skipped", 0.1, "00000000000000ff")
    ranking.show(skipped)
    window = [skipped, waiting("other", 0.9, "ff00ff00ff00ff00")]
    assert ["skipped", "other"] == names(ranking.ranked(window))


def test_ranking_asks_for_features_of_the_most_uncertain_images_first() -> None:
    read: list[str] = []

    def picture(key: ImageKey) -> bytes:
        read.append(key.image_url)
        return b""

    features = WaitingFeatures(picture, lambda pictures: [None for _ in pictures])
    Ranking(features).ranked([waiting("sure", 0.9), waiting("unsure", 0.1)])
    features.learn()
    assert ["s3://images/unsure", "s3://images/sure"] == read


@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_extreme_margins_are_ranked(margin: float) -> None:
    assert ["one"] == names(rank([waiting("one", margin)]))
