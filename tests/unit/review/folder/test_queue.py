from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from review.errors import AnsweredElsewhereError, ImageGoneError, NothingToUndoError
from review.folder.answers import split_of
from review.folder.choice import Choice
from review.folder.files import FileChangedError
from review.folder.plan import Next
from review.folder.queue import EARLY, FolderQueue
from review.images import Answer, ImageKey, InvalidAnswerError, Reason, Verdict
from review.reviewer import LEASE
from review.web import shown_image
from tests.unit.review.folder.conftest import ANNE, OTHER_PAGE, Labelled, png

Build = Callable[..., Answer]


def claimed(queue: FolderQueue, count: int = 20, page: object = ANNE) -> list[ImageKey]:
    assert isinstance(page, type(ANNE))
    return [image.key for image in queue.claim(page, count)]


class Planned(Choice):
    """A choice whose plan a test sets."""

    def __init__(self, order: Sequence[Next], *, is_ready: bool = True) -> None:
        unused: Any = None
        super().__init__([], unused, unused, unused, 2)
        self.order = list(order)
        if is_ready:
            self.ready.set()


def test_page_gets_each_image_once(labelled: Labelled) -> None:
    queue = labelled.queue()
    keys = claimed(queue, 5) + claimed(queue, 30, OTHER_PAGE)
    assert 20 == len(keys)
    assert 20 == len({*keys})


def test_reloaded_page_gets_its_images_back(labelled: Labelled) -> None:
    queue = labelled.queue()
    assert claimed(queue, 3) == claimed(queue, 3)


def test_page_does_not_get_the_images_that_it_holds(labelled: Labelled) -> None:
    queue = labelled.queue()
    first = claimed(queue, 3)
    more = [image.key for image in queue.claim(ANNE, 3, first)]
    assert not {*first} & {*more}


def test_two_pages_at_once_get_different_images(labelled: Labelled) -> None:
    queue = labelled.queue()
    pages = [replace(ANNE, page=str(number)) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(lambda page: claimed(queue, 4, page), pages)]
    assert 16 == len({key for keys in found for key in keys})


def test_released_image_goes_to_the_next_page(labelled: Labelled) -> None:
    queue = labelled.queue()
    keys = claimed(queue)
    queue.release(ANNE, keys[:1])
    assert keys[:1] == claimed(queue, 5, OTHER_PAGE)


def test_image_of_another_page_is_not_released(labelled: Labelled) -> None:
    queue = labelled.queue()
    queue.release(OTHER_PAGE, claimed(queue))
    assert [] == claimed(queue, 5, OTHER_PAGE)


def test_expired_lease_is_given_to_the_next_page(labelled: Labelled) -> None:
    queue = labelled.queue()
    keys = claimed(queue)
    labelled.clock.now = LEASE.total_seconds() + 1
    assert {*keys} == {*claimed(queue, 20, OTHER_PAGE)}
    assert [] == queue.renew(ANNE, keys)


def test_renewed_lease_lasts_longer(labelled: Labelled) -> None:
    queue = labelled.queue()
    keys = claimed(queue)
    labelled.clock.now = LEASE.total_seconds() - 1
    assert keys == queue.renew(ANNE, keys)
    labelled.clock.now += LEASE.total_seconds() - 1
    assert [] == claimed(queue, 20, OTHER_PAGE)


def test_answer_is_a_line_of_the_file(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    assert queue.answer(given(key), ANNE) is None
    (line,) = labelled.lines()
    assert key.image_url == line["path"]
    assert "truck" == line["class"]


def test_answered_image_is_not_shown_again(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    assert key not in claimed(queue)
    assert [] == queue.renew(ANNE, [key])


def test_answered_image_is_not_shown_after_a_new_start(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    assert key not in claimed(labelled.queue())


def test_answer_that_is_sent_twice_is_stored_once(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    queue.answer(given(key), ANNE)
    labelled.queue().answer(given(key), ANNE)
    assert 1 == len(labelled.lines())


def test_second_answer_about_an_image_is_refused(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    with pytest.raises(AnsweredElsewhereError):
        queue.answer(given(key, answer_id="answer-2"), OTHER_PAGE)


def test_class_of_another_session_is_refused(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    with pytest.raises(InvalidAnswerError, match="bike"):
        queue.answer(given(key, "bike"), ANNE)
    assert [] == labelled.lines()


def test_undo_is_a_line_and_shows_the_image_again(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    assert key == queue.undo(key, "answer-1", ANNE).key
    assert 2 == len(labelled.lines())
    assert [key] == claimed(queue, 1)
    assert key in claimed(labelled.queue())


def test_answer_of_another_reviewer_is_not_taken_back(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    with pytest.raises(NothingToUndoError):
        queue.undo(key, "answer-1", replace(ANNE, name="bert"))


def test_undo_twice_takes_back_once(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key), ANNE)
    queue.undo(key, "answer-1", ANNE)
    with pytest.raises(NothingToUndoError):
        queue.undo(key, "answer-1", ANNE)


def test_answer_about_a_deleted_file_is_refused(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    (labelled.folder / key.image_url).unlink()
    with pytest.raises(ImageGoneError, match="Skip it"):
        queue.answer(given(key), ANNE)


def test_changed_file_comes_again_in_its_new_version(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    (labelled.folder / key.image_url).write_bytes(png(200) + b"more")
    with pytest.raises(FileChangedError):
        queue.answer(given(key), ANNE)

    again = next(one for one in claimed(queue) if one.image_url == key.image_url)
    assert again != key
    assert queue.answer(given(again), ANNE) is None


def test_answer_about_a_file_outside_the_folder_is_refused(
    labelled: Labelled, given: Build
) -> None:
    with pytest.raises(ImageGoneError):
        labelled.queue().answer(given(ImageKey("../secret.png", "1-2")), ANNE)


def test_a_fifth_of_the_images_on_the_page_is_held_out(labelled: Labelled) -> None:
    for number in range(1_000):
        (labelled.folder / f"more-{number}.png").write_bytes(png())
    images = labelled.queue().claim(ANNE, 100)
    audits = [image for image in images if image.reason == Reason.AUDIT]
    assert 20 == len(audits)
    assert all(split_of(image.key.image_url) != "train" for image in audits)


def test_image_that_is_not_held_out_trains(labelled: Labelled) -> None:
    images = labelled.queue().claim(ANNE, 20)
    others = [image for image in images if image.reason != Reason.AUDIT]
    assert {"train"} == {split_of(image.key.image_url) for image in others}


def test_images_come_as_planned(labelled: Labelled) -> None:
    queue = labelled.queue()
    third, first = queue.training[2], queue.training[0]
    queue.choice = Planned([Next(third, Reason.TYPICAL), Next(first, Reason.TYPICAL)])
    found = [image for image in queue.claim(ANNE, 20) if image.reason != Reason.AUDIT]
    assert [Reason.TYPICAL, Reason.TYPICAL, Reason.SAMPLE] == [one.reason for one in found[:3]]


def test_first_images_need_no_plan_since_they_are_held_out(labelled: Labelled) -> None:
    for number in range(100):
        (labelled.folder / f"more-{number}.png").write_bytes(png())
    queue = labelled.queue()
    queue.choice = Planned([], is_ready=False)
    images = queue.claim(ANNE, 8)
    assert EARLY == len(images)
    assert {Reason.AUDIT} == {image.reason for image in images}


def test_file_that_is_no_image_is_not_shown(labelled: Labelled) -> None:
    queue = labelled.queue()
    queue.choice = Planned([])
    queue.choice.undecodable.add(queue.training[0])
    assert 19 == len(claimed(queue))
    assert 20 - 1 == sum(queue.known_waiting().values())


def test_answers_change_the_number_of_waiting_images(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    (key,) = claimed(queue, 1)
    queue.answer(given(key, None, verdict=Verdict.NOT_USABLE), ANNE)
    assert 19 == sum(queue.known_waiting().values())


def test_page_sees_no_prediction_before_there_is_a_model(labelled: Labelled) -> None:
    (image,) = labelled.queue().claim(ANNE, 1)
    shown = shown_image(image)
    assert shown["prediction"] is None
    assert ["automobile", "truck"] == shown["classes"]


def test_page_sees_the_prediction_of_the_model_of_the_answers(labelled: Labelled) -> None:
    queue = labelled.queue()
    queue.choice = Planned([Next(queue.training[0], Reason.REVIEW, (0.4, 0.6))])
    found = [image for image in queue.claim(ANNE, 20) if image.reason == Reason.REVIEW]
    prediction = shown_image(found[0])["prediction"]
    assert "truck" == prediction["classification"]
    assert {"automobile": 0.4, "truck": 0.6} == prediction["class_probabilities"]


def test_choice_learns_from_training_images_alone(labelled: Labelled, given: Build) -> None:
    queue = labelled.queue()
    for number, key in enumerate(claimed(queue)):
        queue.answer(given(key, answer_id=str(number)), ANNE)
    state = queue.state()
    assert {*queue.training} == {*state.labels}
    assert {1} == {*state.labels.values()}
    assert 20 == len(state.taken)
    assert 20 == state.answers


def test_wall_has_the_images_of_one_predicted_class(labelled: Labelled) -> None:
    queue = labelled.queue()
    truck, automobile, other_truck = queue.training[:3]
    chances = {truck: (0.2, 0.8), automobile: (0.7, 0.3), other_truck: (0.4, 0.6)}
    queue.choice = Planned([Next(one, Reason.REVIEW, found) for one, found in chances.items()])
    wall = queue.claim_wall(ANNE, 24)
    assert ["truck", "truck"] == [image.classification for image in wall]
    assert [] == queue.claim_wall(OTHER_PAGE, 24, [image.key for image in queue.claim(ANNE, 20)])


def test_wall_is_empty_before_there_is_a_model(labelled: Labelled) -> None:
    queue = labelled.queue()
    queue.choice = Planned([Next(queue.training[0], Reason.TYPICAL)])
    assert [] == queue.claim_wall(ANNE, 24)
