"""Reviewed images beside the splits of the source."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from training.dataset.dataset import CALIBRATION, SPLITS, TEST, TRAIN, TooFewImagesError
from training.dataset.preparation import PreparedImage
from training.dataset.reviewed_splits import NOT_AUDITED, join_reviews
from training.dataset.reviews import RecordedReviews, Review, Rules, choose_reviews
from training.dataset.selection import (
    CONTRADICTION,
    DUPLICATE,
    NEAR_DUPLICATE,
    LeftOut,
    select_distinct,
)
from training.dataset.source import Reason
from training.dataset.split import Splits, draw_splits

LABELS = ("car", "truck")
# Hashes that differ in many bits, and their near-duplicates.
MOTIFS = [f"{random.Random(number).getrandbits(64):016x}" for number in range(100)]


def near(image_hash: str) -> str:
    return f"{int(image_hash, 16) ^ 0b1011:016x}"


@dataclass(frozen=True)
class Joined:
    splits: Splits
    left_out: Sequence[LeftOut]

    def split_of(self, digest: str) -> str | None:
        found = [
            one.split
            for images in self.splits.images.values()
            for one in images
            if one.digest == digest
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def reason_of(self, path: str) -> str:
        [reason] = [one.reason for one in self.left_out if one.path == path]
        return reason


@pytest.fixture
def image(prepared: Callable[..., PreparedImage]) -> Callable[..., PreparedImage]:
    """An image of the source, a review or an audit; equal motifs are near-duplicates."""

    def make(
        digest: str,
        reason: Reason,
        label: str = "car",
        split: str = TRAIN,
        motif: str = "",
        path: str = "",
    ) -> PreparedImage:
        made = prepared(digest, label, split, path)
        return replace(made, reason=reason, image_hash=motif)

    return make


@pytest.fixture
def source(image: Callable[..., PreparedImage]) -> Splits:
    """Two images of each class in each split, with motifs of their own."""
    motifs = iter(MOTIFS)
    return Splits(
        LABELS,
        {
            split: [
                image(f"{split}-{label}-{number}", Reason.SOURCE, label, split, next(motifs))
                for label in LABELS
                for number in range(2)
            ]
            for split in SPLITS
        },
    )


def join(source: Splits, *reviewed: PreparedImage, audits_only: bool = False) -> Joined:
    return Joined(*join_reviews(source, reviewed, seed=0, audits_only=audits_only))


type Make = Callable[..., PreparedImage]


def test_reviews_join_the_splits_of_the_source(source: Splits, image: Make) -> None:
    joined = join(source, image("r", Reason.REVIEW), image("a", Reason.AUDIT, split=TEST))
    assert TRAIN == joined.split_of("r")
    assert TEST == joined.split_of("a")
    assert [] == joined.left_out
    assert {"source": 4, "review": 0, "audit": 1} == joined.splits.reasons()[TEST]


def test_copy_of_an_audit_in_the_source_does_not_train(source: Splits, image: Make) -> None:
    joined = join(source, image("train-car-0", Reason.AUDIT, split=CALIBRATION))
    assert CALIBRATION == joined.split_of("train-car-0")
    assert DUPLICATE == joined.reason_of("train-car-0.webp")


def test_audit_stays_although_the_source_contradicts_it(source: Splits, image: Make) -> None:
    joined = join(source, image("train-car-0", Reason.AUDIT, "truck", TEST, path="audit"))
    assert TEST == joined.split_of("train-car-0")
    assert CONTRADICTION == joined.reason_of("train-car-0.webp")


def test_copy_of_an_audit_among_uncertain_images_does_not_train(
    source: Splits, image: Make
) -> None:
    joined = join(
        source, image("x", Reason.REVIEW, path="r"), image("x", Reason.AUDIT, split=TEST, path="a")
    )
    assert TEST == joined.split_of("x")
    assert DUPLICATE == joined.reason_of("r")


def test_second_audit_of_one_content_is_left_out(source: Splits, image: Make) -> None:
    joined = join(
        source,
        image("x", Reason.AUDIT, split=TEST, path="first"),
        image("x", Reason.AUDIT, split=CALIBRATION, path="second"),
    )
    assert TEST == joined.split_of("x")
    assert DUPLICATE == joined.reason_of("second")


def test_audits_of_one_content_with_two_labels_are_left_out(source: Splits, image: Make) -> None:
    joined = join(
        source,
        image("train-car-0", Reason.AUDIT, "car", TEST, path="first"),
        image("train-car-0", Reason.AUDIT, "truck", TEST, path="second"),
    )
    assert {"first", "second", "train-car-0.webp"} == {one.path for one in joined.left_out}


def test_uncertain_image_that_contradicts_the_source_is_left_out_with_it(
    source: Splits, image: Make
) -> None:
    joined = join(source, image("test-car-0", Reason.REVIEW, "truck", path="r"))
    assert joined.split_of("test-car-0") is None
    assert CONTRADICTION == joined.reason_of("r")


@pytest.mark.parametrize("held_out", ["validation", "calibration", "test"])
def test_uncertain_image_almost_like_a_held_out_one_does_not_train(
    source: Splits, image: Make, held_out: str
) -> None:
    motif = source.images[held_out][0].image_hash
    joined = join(source, image("r", Reason.REVIEW, motif=near(motif)))
    assert NEAR_DUPLICATE == joined.reason_of("r.webp")


def test_uncertain_image_almost_like_a_training_image_trains(source: Splits, image: Make) -> None:
    motif = source.images[TRAIN][0].image_hash
    assert TRAIN == join(source, image("r", Reason.REVIEW, motif=near(motif))).split_of("r")


def test_source_image_almost_like_an_audit_does_not_train(source: Splits, image: Make) -> None:
    motif = near(source.images[TRAIN][0].image_hash)
    joined = join(source, image("a", Reason.AUDIT, split=TEST, motif=motif))
    assert TEST == joined.split_of("a")
    assert NEAR_DUPLICATE == joined.reason_of(source.images[TRAIN][0].path)


def test_source_image_almost_like_an_audit_stays_in_the_same_split(
    source: Splits, image: Make
) -> None:
    motif = near(source.images[TEST][0].image_hash)
    joined = join(source, image("a", Reason.AUDIT, split=TEST, motif=motif))
    assert TEST == joined.split_of(source.images[TEST][0].digest)


def test_audits_of_one_motif_are_in_the_split_of_the_first(source: Splits, image: Make) -> None:
    first = image("a", Reason.AUDIT, split=TEST, motif=MOTIFS[50])
    second = image("b", Reason.AUDIT, split=CALIBRATION, motif=near(MOTIFS[50]))
    assert TEST == join(source, first, second).split_of("b")


def test_audits_alone_calibrate_and_test_if_asked(source: Splits, image: Make) -> None:
    audits = [
        image(f"{split}-{label}", Reason.AUDIT, label, split)
        for split in (CALIBRATION, TEST)
        for label in LABELS
    ]
    joined = join(source, *audits, audits_only=True)
    assert {"source": 0, "review": 0, "audit": 2} == joined.splits.reasons()[TEST]
    assert {"source": 0, "review": 0, "audit": 2} == joined.splits.reasons()[CALIBRATION]
    assert NOT_AUDITED == joined.reason_of("test-car-0.webp")


def test_class_without_an_audit_is_refused_where_only_audits_test(
    source: Splits, image: Make
) -> None:
    with pytest.raises(TooFewImagesError, match=r"in the calibration split of audits\. Label more"):
        join(source, image("a", Reason.AUDIT, split=TEST), audits_only=True)


def test_class_whose_images_are_all_copies_of_audits_is_refused(
    source: Splits, image: Make
) -> None:
    audits = [
        image(one.digest, Reason.AUDIT, one.label, TEST) for one in source.images["validation"]
    ]
    with pytest.raises(TooFewImagesError, match="in the validation split"):
        join(source, *audits)


@dataclass(frozen=True)
class Case:
    """A random source, random reviews, and random options."""

    number: int

    def join(self) -> tuple[Splits, dict[str, Review], list[str]]:
        """Return the splits, the reviews by path, and the paths that did not join."""
        draw = random.Random(self.number)
        weights = [draw.randint(1, 10) for _ in SPLITS]
        shares = {
            split: Fraction(weight, sum(weights))
            for split, weight in zip(SPLITS, weights, strict=True)
        }
        seed = draw.randrange(5)
        source = draw_splits(select_distinct(self._source(draw))[0], LABELS, shares, seed)
        reviews = {review.path: review for review in self._reviews(draw)}
        rules = Rules(LABELS, draw.choice([None, "car"]), shares, seed)
        chosen = choose_reviews(RecordedReviews([*reviews.values()]), rules, lambda *_: bytes)
        reviewed = [
            self._prepared(draw, one.path, one.label, one.split, one.reason)
            for one in chosen.images
        ]
        splits, left_out = join_reviews(source, reviewed, seed, audits_only=draw.random() < 0.2)
        return splits, reviews, [one.path for one in left_out]

    def _source(self, draw: random.Random) -> Iterator[PreparedImage]:
        has_splits = draw.random() < 0.3
        for number in range(160):
            split = draw.choice(SPLITS) if has_splits else TRAIN
            label = draw.choice(LABELS)
            yield self._prepared(draw, f"source-{number}", label, split, Reason.SOURCE)

    def _reviews(self, draw: random.Random) -> Iterator[Review]:
        for number in range(draw.randint(1, 80)):
            yield Review(
                image_url=f"s3://images/{number}",
                version="v",
                verdict=draw.choice(["CLASS", "CLASS", "NONE_OF_THESE", "NOT_USABLE"]),
                label=draw.choice([*LABELS, "van"]),
                recorded_at="2030",
                reviewed_at=str(draw.random()),
                drawn=draw.random() < 0.4,
                probability=draw.choice([0.01, 0.2, 1.0]),
            )

    def _prepared(
        self, draw: random.Random, path: str, label: str, split: str, reason: Reason
    ) -> PreparedImage:
        """Return one of few contents, so that there are many duplicates of all kinds."""
        content = draw.randrange(300)
        motif = MOTIFS[content % len(MOTIFS)]
        motif = near(motif) if content >= 200 else motif
        # Most labels follow from the content, because contradictions are left out.
        label = LABELS[content % 2] if draw.random() < 0.95 else label
        return PreparedImage(path, label, split, f"{content:064x}", "png", 1, motif, reason)


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_no_uncertain_image_can_reach_calibration_or_test(start: int) -> None:
    made = 0
    for number in range(start, start + 100):
        try:
            splits, reviews, left_out = Case(number).join()
        except TooFewImagesError:
            continue
        made += 1
        for split, images in splits.images.items():
            of_people = [reviews[one.path] for one in images if one.path in reviews]
            assert all(one.drawn == (split in (CALIBRATION, TEST)) for one in of_people), number
        contents = [one.digest for images in splits.images.values() for one in images]
        assert len(contents) == len({*contents}), number
        assert len(left_out) == len({*left_out}), number
    assert made > 50


@pytest.mark.parametrize("start", range(0, 200, 100))
def test_no_motif_of_an_audit_trains(start: int) -> None:
    for number in range(start, start + 100):
        try:
            splits, _, _ = Case(number).join()
        except TooFewImagesError:
            continue
        every = [one for images in splits.images.values() for one in images]
        audited = {one.image_hash for one in every if one.reason == Reason.AUDIT}
        alike = audited | {near(motif) for motif in audited}
        assert not [one for one in every if one.split == TRAIN and one.image_hash in alike], number
