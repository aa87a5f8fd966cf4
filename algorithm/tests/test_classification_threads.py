import asyncio
import threading
from typing import Any, cast

import pytest

from algorithm.classification_threads import BURST, ClassificationThreads
from algorithm.model import Model
from algorithm.pixels import UndecodableImageError


class FakeModel:
    """Answer with the length of the image when released; refuse an empty image."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()

    def classify(self, image: bytes) -> list[float]:
        self.may_answer.wait()
        if not image:
            raise UndecodableImageError
        return [float(len(image))]


class CountingLoop(asyncio.SelectorEventLoop):
    """Count the calls from other threads."""

    woken = 0

    def call_soon_threadsafe(  # type: ignore[override]
        self, *arguments: Any, **options: Any
    ) -> asyncio.Handle:
        self.woken += 1
        return super().call_soon_threadsafe(*arguments, **options)


def classify(images: list[bytes]) -> tuple[list[Any], int]:
    """Classify all at once. Return answers or errors, and the number of calls to the event loop."""

    async def answers() -> list[Any]:
        model = FakeModel()
        threads = ClassificationThreads(cast(Model, model))
        asked = [asyncio.ensure_future(threads.classify(image)) for image in images]
        await asyncio.sleep(0)  # now all images are in progress
        model.may_answer.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        return runner.run(answers()), cast(CountingLoop, runner.get_loop()).woken


def test_classify_one_image_answers_it() -> None:
    assert ([[3.0]], 1) == classify([b"abc"])


def test_classify_few_images_answers_each_at_once() -> None:
    assert 2 * BURST == classify([b"a"] * 2 * BURST)[1]


def test_classify_many_images_gives_each_its_own_answer() -> None:
    assert [[float(size)] for size in range(1, 33)] == classify(
        [b"a" * size for size in range(1, 33)]
    )[0]


def test_classify_many_images_returns_answers_in_groups() -> None:
    # Four at a time while eight or more are in progress, then one by one.
    assert (32 - 2 * BURST) // BURST + 2 * BURST == classify([b"a"] * 32)[1]


def test_classify_undecodable_image_among_others_fails_alone() -> None:
    answers, _ = classify([b"a", b"", b"abc"])
    assert [[1.0], UndecodableImageError, [3.0]] == [answers[0], type(answers[1]), answers[2]]


def test_classify_cancelled_image_does_not_affect_the_others() -> None:
    async def answer() -> list[float]:
        model = FakeModel()
        threads = ClassificationThreads(cast(Model, model))
        impatient = asyncio.ensure_future(threads.classify(b"a"))
        patient = asyncio.ensure_future(threads.classify(b"abc"))
        await asyncio.sleep(0)
        impatient.cancel()
        model.may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        return await patient

    assert [3.0] == asyncio.run(answer())
