from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from review.errors import ImageGoneError
from review.folder.choice import ANSWERS, FIRST, Choice, State
from review.folder.plan import Known, plan
from review.images import Reason
from review.order.features import FEATURES, Traits
from review.order.selection import cluster_space

HALF = FEATURES // 2


def features_of(image: int) -> np.ndarray:
    """Return features of two groups, even and odd images, that differ a little within."""
    features = np.zeros(FEATURES, np.float16)
    features[: HALF if image % 2 else None] = 1
    features[image] = 3
    return features


def motif_of(image: int) -> int:
    """Return a hash that differs in 5 bits and more from that of any other image below 4,096."""
    return sum(0b11111 << 5 * bit for bit in range(12) if image >> bit & 1)


@dataclass
class Folder:
    """The images of a folder, and what its queue knows."""

    images: int
    broken: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    state: State = field(default_factory=lambda: State([], {}, 0))
    read_images: list[int] = field(default_factory=list)

    def choice(self) -> Choice:
        return Choice(range(self.images), self.read, self.traits, lambda: self.state, 2)

    def read(self, image: int) -> bytes:
        self.read_images.append(image)
        if image in self.gone:
            raise ImageGoneError
        return str(image).encode()

    def traits(self, images: Sequence[bytes]) -> list[Traits | None]:
        return [self.traits_of(int(image)) for image in images]

    def traits_of(self, image: int) -> Traits | None:
        motif = np.uint64(motif_of(image))
        return None if image in self.broken else Traits(features_of(image), motif)


def finished(choice: Choice) -> Choice:
    while choice.step():
        pass
    return choice


def order(choice: Choice) -> list[int]:
    return [one.image for one in choice.order]


def test_every_image_has_a_place_in_the_order() -> None:
    assert {*range(50)} == {*order(finished(Folder(50).choice()))}


def test_first_plan_does_not_wait_for_all_images() -> None:
    folder = Folder(FIRST + 100)
    choice = folder.choice()
    while not choice.ready.is_set():
        choice.step()
    assert FIRST <= len(folder.read_images) < FIRST + 20


def test_typical_images_come_first() -> None:
    first, second, *_ = finished(Folder(50).choice()).order
    assert Reason.TYPICAL == first.reason
    assert first.image % 2 != second.image % 2


def test_image_that_cannot_be_decoded_is_left_out() -> None:
    choice = finished(Folder(50, broken={3}).choice())
    assert {3} == choice.undecodable
    assert 3 not in order(choice)


def test_deleted_image_is_left_out_and_the_others_are_read() -> None:
    choice = finished(Folder(50, gone={3}).choice())
    assert {*range(50)} - {3} == {*order(choice)}


def test_folder_without_training_images_needs_no_plan() -> None:
    choice = finished(Folder(0).choice())
    assert choice.ready.is_set()
    assert [] == choice.order


def test_folder_of_broken_images_needs_no_plan() -> None:
    assert finished(Folder(3, broken={0, 1, 2}).choice()).ready.is_set()


def test_answers_lead_to_a_new_plan_of_uncertain_images() -> None:
    folder = Folder(60)
    choice = finished(folder.choice())
    folder.state = State(range(20), {image: image % 2 for image in range(20)}, ANSWERS)
    finished(choice)
    assert {Reason.REVIEW} == {one.reason for one in choice.order}
    assert {*range(20, 60)} == {*order(choice)}


def test_few_answers_need_no_new_plan() -> None:
    folder = Folder(60)
    choice = finished(folder.choice())
    before = choice.order
    folder.state = State(range(20), {image: image % 2 for image in range(20)}, ANSWERS - 1)
    finished(choice)
    assert before is choice.order


def test_thread_plans_after_an_answer_and_ends() -> None:
    folder = Folder(60)
    choice = folder.choice()
    choice.start()
    assert choice.ready.wait(60)
    choice.end()


def known(labels: dict[int, int], hashes: Sequence[int] | None = None) -> Known:
    features = np.stack([features_of(image) for image in range(40)])
    motifs = hashes or [motif_of(image) for image in range(40)]
    return Known(
        features=features,
        points=cluster_space(features.astype(np.float32)),
        hashes=np.array(motifs, np.uint64),
        allowed=range(40),
        taken=[*labels],
        labels=labels,
        classes=3,
    )


def test_plan_stays_typical_while_all_labels_are_of_one_class() -> None:
    found = plan(known(dict.fromkeys(range(35), 1)))
    assert Reason.TYPICAL == found[0].reason


def test_plan_shows_no_taken_image() -> None:
    labels = {image: image % 2 for image in range(35)}
    assert {*range(35, 40)} == {one.image for one in plan(known(labels))}


def test_probabilities_have_a_place_for_classes_without_labels() -> None:
    labels = {image: 2 * (image % 2) for image in range(35)}
    found = plan(known(labels))
    assert all(len(one.probabilities) == 3 for one in found)
    assert all(one.probabilities[1] == 0 for one in found)
    assert all(1 == pytest.approx(sum(one.probabilities), abs=1e-5) for one in found)


@pytest.mark.parametrize("labels", [{}, {image: image % 2 for image in range(32)}])
def test_near_duplicates_come_last(labels: dict[int, int]) -> None:
    motifs = [motif_of(image) for image in range(40)]
    motifs[36] = motifs[35] ^ 1
    motifs[38] = motifs[39] ^ 2
    found = [one.image for one in plan(known(labels, motifs))]
    assert 40 - len(labels) == len(found)
    assert {35, 36} & {*found[-2:]}
    assert {38, 39} & {*found[-2:]}
