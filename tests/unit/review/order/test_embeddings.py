"""Points from the embeddings in records."""

import numpy as np
import pytest

from functions.classify_image.embedding import packed
from review.images import ImageKey, WaitingImage
from review.order.embeddings import embedding_points
from review.order.ranking import BATCH, Ranking
from review.order.waiting_features import WaitingFeatures
from tests.unit.review.order.test_ranking import names, waiting


def embedding(number: int, space: str = "space") -> str:
    """Return an embedding near one of ten directions."""
    numbers = np.random.default_rng(number).normal(0, 0.01, 64)
    numbers[number % 10] += 1 + number
    return packed(space, numbers.tolist())


def window(count: int, embedded: int, space: str = "space") -> list[WaitingImage]:
    return [
        waiting(f"{n}-{space}", n / 1_000, embedding=embedding(n, space) if n < embedded else "")
        for n in range(count)
    ]


def test_points_have_unit_length() -> None:
    points = embedding_points(window(4, 4))
    assert [pytest.approx(1)] * 4 == [float(np.linalg.norm(point)) for point in points.values()]


@pytest.mark.parametrize(("embedded", "expected"), [(0, 0), (4, 0), (5, 5), (10, 10)])
def test_half_of_the_images_need_an_embedding(embedded: int, expected: int) -> None:
    assert expected == len(embedding_points(window(10, embedded)))


def test_embeddings_of_another_space_are_left_out() -> None:
    mixed = [*window(6, 6), *window(3, 3, "other")]
    assert {image.key for image in mixed[:6]} == embedding_points(mixed).keys()


def test_damaged_embedding_is_left_out() -> None:
    damaged = waiting("damaged", 0.5, embedding="space:AAAA")
    assert damaged.key not in embedding_points([*window(3, 3), damaged])


def test_images_with_embeddings_are_spread_and_no_picture_is_read() -> None:
    def fail(_: ImageKey) -> bytes:
        raise AssertionError

    features = WaitingFeatures(fail, lambda data: [None] * len(data))
    images = [
        waiting(f"{n}-{direction}", n / 1_000, embedding=embedding(direction))
        for n, direction in enumerate([0] * 20 + [*range(1, 10)])
    ]
    first = names(Ranking(features).ranked(images))[:BATCH]
    features.learn()
    assert len({name.partition("-")[2] for name in first}) > BATCH / 2


def test_without_embeddings_pictures_are_read() -> None:
    read = []

    def picture(key: ImageKey) -> bytes:
        read.append(key)
        return b""

    features = WaitingFeatures(picture, lambda data: [None] * len(data))
    Ranking(features).ranked(window(3, 1))
    features.learn()
    assert 3 == len(read)
