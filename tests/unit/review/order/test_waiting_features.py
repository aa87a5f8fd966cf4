from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from botocore.exceptions import ClientError

from review.images import ImageKey
from review.order.features import FEATURES, Traits
from review.order.waiting_features import FEWEST, MOST, READ_AT_ONCE, WaitingFeatures
from review.pictures import PictureGoneError


@dataclass
class Bucket:
    """Pictures whose bytes are their numbers."""

    read: list[int] = field(default_factory=list)
    gone: dict[int, Exception] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    def features(self) -> WaitingFeatures:
        return WaitingFeatures(self.picture, self.traits)

    def picture(self, key: ImageKey) -> bytes:
        number = int(key.image_url)
        self.read.append(number)
        if number in self.gone:
            raise self.gone[number]
        return str(number).encode()

    def traits(self, pictures: Sequence[bytes]) -> list[Traits | None]:
        return [self.traits_of(int(data)) for data in pictures]

    def traits_of(self, number: int) -> Traits | None:
        chance = np.random.default_rng(number)
        features = chance.random(FEATURES).astype(np.float16)
        return None if number in self.broken else Traits(features, np.uint64(0))


def keys(*numbers: int) -> list[ImageKey]:
    return [ImageKey(str(number), "1") for number in numbers]


def learn(features: WaitingFeatures, numbers: Sequence[int]) -> None:
    features.want(keys(*numbers))
    for _ in range(0, len(numbers), READ_AT_ONCE):
        features.learn()


def test_wanted_images_get_points() -> None:
    features = Bucket().features()
    learn(features, range(FEWEST))
    assert {*keys(*range(FEWEST))} == features.points.keys()


def test_few_images_make_no_space() -> None:
    features = Bucket().features()
    learn(features, range(FEWEST - READ_AT_ONCE))
    assert {} == features.points


def test_image_is_read_once() -> None:
    bucket = Bucket()
    features = bucket.features()
    learn(features, range(FEWEST))
    learn(features, range(FEWEST))
    assert [*range(FEWEST)] == bucket.read


def test_points_of_one_space_have_equally_many_axes() -> None:
    features = Bucket().features()
    for count in (FEWEST, FEWEST + READ_AT_ONCE, 5 * FEWEST):
        learn(features, range(count))
    assert 1 == len({len(point) for point in features.points.values()})
    assert 5 * FEWEST == len(features.points)


@pytest.mark.parametrize(
    "error", [PictureGoneError(), ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject")]
)
def test_picture_that_cannot_be_read_is_left_out(error: Exception) -> None:
    bucket = Bucket(gone={3: error})
    features = bucket.features()
    learn(features, range(FEWEST + READ_AT_ONCE))
    assert {*keys(*range(FEWEST + READ_AT_ONCE))} - {*keys(3)} == features.points.keys()


def test_picture_that_cannot_be_decoded_is_left_out() -> None:
    features = Bucket(broken={3}).features()
    learn(features, range(FEWEST + READ_AT_ONCE))
    assert keys(3)[0] not in features.points


def test_newest_wish_comes_first() -> None:
    bucket = Bucket()
    features = bucket.features()
    features.want(keys(1, 2))
    features.want(keys(7))
    features.learn()
    assert [7] == bucket.read


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.order.waiting_features.MOST", 2 * FEWEST)
    features = Bucket().features()
    learn(features, range(4 * FEWEST))
    assert 2 * FEWEST == len(features.points)
    assert MOST > 2 * FEWEST
