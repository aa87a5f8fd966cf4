"""Classify many images in parallel."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.conforming import conforming
from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.endpoint.invocation import (
    OWN_REQUEST,
    ImageMissingError,
    InvalidAnswerError,
    NoAnswerError,
    classify_all,
    parse_probabilities,
    read_images,
)
from training.steps.context import Context

ROOT = Path(__file__).parents[4]
IMAGES = [StagedImage(f"test/{number}.png", number % 2, b"%d" % number) for number in range(40)]


class FakeRuntime:
    """An endpoint whose answers a function computes; it records the most concurrent requests."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self.asked: list[bytes] = []
        self.variants: set[str | None] = set()
        self.ids: set[str] = set()

    def invoke_endpoint(
        self,
        EndpointName: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        InferenceId: str,  # noqa: N803
        TargetVariant: str | None = None,  # noqa: N803
        **_: str,
    ) -> dict[str, Any]:
        self.asked.append(Body)
        self.variants.add(TargetVariant)
        self.ids.add(InferenceId)
        return {"Body": io.BytesIO(self._answer(Body)), "InvokedProductionVariant": "AllTraffic"}


def classify(answer: Callable[[bytes], bytes], patience: float = 60) -> list[Answer]:
    runtime = conforming(FakeRuntime(answer), "sagemaker-runtime")
    return list(classify_all(runtime, "cars", IMAGES, 4, patience=patience))


def test_every_image_is_answered_once() -> None:
    answers = classify(lambda _: b"[0.25, 0.75]")
    assert sorted(image.key for image in IMAGES) == sorted(answer.image.key for answer in answers)


def test_an_answer_belongs_to_its_image() -> None:
    answers = classify(lambda body: json.dumps([1 - int(body) / 100, int(body) / 100]).encode())
    assert {image.key: int(image.data) / 100 for image in IMAGES} == {
        a.image.key: a.probabilities[1] for a in answers
    }


def test_the_prediction_is_the_class_with_the_largest_probability() -> None:
    assert 1 == Answer(IMAGES[0], (0.3, 0.7), 1.0, "a").prediction


def test_an_endpoint_that_refuses_an_image_is_an_error_that_names_it() -> None:
    def refuse(body: bytes) -> bytes:
        if body == b"7":
            raise ClientError(
                {"Error": {"Code": "ModelError", "Message": "no image"}}, "InvokeEndpoint"
            )
        return b"[0.5, 0.5]"

    with pytest.raises(NoAnswerError, match=r"did not answer test/7\.png: .*no image"):
        classify(refuse)


@pytest.mark.parametrize("code", ["ModelNotReadyException", "ThrottlingException"])
def test_endpoint_that_starts_is_asked_again(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.polling.sleep", lambda _seconds: None)
    refusals = [
        ClientError(
            {"Error": {"Code": code, "Message": None}},  # type: ignore[typeddict-item]
            "InvokeEndpoint",
        )
        for _ in IMAGES
    ]

    def start(_: bytes) -> bytes:
        if refusals:
            raise refusals.pop()
        return b"[0.5, 0.5]"

    assert len(IMAGES) == len(classify(start))


def test_endpoint_that_never_starts_is_an_error_without_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.polling.sleep", lambda _seconds: None)

    def refuse(_: bytes) -> bytes:
        raise ClientError(
            {
                "Error": {
                    "Code": "ThrottlingException",
                    "Message": None,  # type: ignore[typeddict-item]
                }
            },
            "InvokeEndpoint",
        )

    with pytest.raises(NoAnswerError, match=r"ThrottlingException\. AWS gave no reason\."):
        classify(refuse, patience=0.01)


@pytest.mark.parametrize(("variant", "expected"), [(None, {None}), ("Canary", {"Canary"})])
def test_request_names_a_variant_only_if_one_is_given(
    variant: str | None, expected: set[str | None]
) -> None:
    runtime = FakeRuntime(lambda _: b"[0.5, 0.5]")
    list(classify_all(runtime, "cars", IMAGES, 4, variant))  # type: ignore[arg-type]
    assert expected == runtime.variants


def test_every_request_has_an_id_of_the_tool(valid_request: Callable[..., None]) -> None:
    runtime = FakeRuntime(lambda _: b"[0.5, 0.5]")
    list(classify_all(runtime, "cars", IMAGES, 4))  # type: ignore[arg-type]
    assert len(IMAGES) == len(runtime.ids)
    assert all(one.startswith(OWN_REQUEST) for one in runtime.ids)
    request = {"EndpointName": "cars", "Body": b"image", "InferenceId": runtime.ids.pop()}
    valid_request("sagemaker-runtime", "InvokeEndpoint", request)


NOT_PROBABILITIES = [
    b"",
    b"oops",
    b"{}",
    b"[]",
    b"[0.5, 0.1]",
    b'["a"]',
    b"[1.5, -0.5]",
    b"3",
    b"[null]",
    b"\xff",
]
NOT_PROBABILITIES += [
    b"[NaN, 1]",
    b"[true, false]",
    b'["0.5", "0.5"]',
    b'"1"',
    b'{"0.4": 1, "0.6": 2}',
    b'{"probabilities": [0.4, 0.5]}',
    b'{"probabilities": {"probabilities": [0.4, 0.6]}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NOT_PROBABILITIES, ids=lambda body: repr(body[:20]))
def test_an_answer_that_is_no_class_probabilities_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidAnswerError, match=r"The answer for a\.png is"):
        parse_probabilities(body, "a.png")


def test_a_probability_may_be_rounded_to_just_above_one() -> None:
    assert (1.0000001, 0.0) == parse_probabilities(b"[1.0000001, 0.0]", "a.png")


def test_verbose_answer_has_its_probabilities() -> None:
    body = b'{"probabilities": [0.25, 0.75], "model_digest": "sha256:1", "embedding": [1.0]}'
    assert [0.25, 0.75] == [*parse_probabilities(body, "a.png")]


def test_ctrl_c_does_not_wait_for_an_endpoint_that_hangs() -> None:
    release, waited_for = threading.Event(), []

    def hang(_: bytes) -> bytes:
        os.kill(os.getpid(), signal.SIGINT)
        release.wait(60)
        waited_for.append("the endpoint")
        return b"[0.5, 0.5]"

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a job in the background may have it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            list(classify_all(FakeRuntime(hang), "cars", IMAGES[:1], 1))  # type: ignore[arg-type]
    finally:
        signal.signal(signal.SIGINT, before)
    interrupted_after = list(waited_for)
    release.set()
    assert [] == interrupted_after


def test_a_process_ends_although_images_were_still_to_be_read() -> None:
    program = (
        "from training.endpoint.invocation import _side_by_side; import builtins;"
        "builtins.kept = _side_by_side(int, range(99), 2); next(builtins.kept)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert 0 == ended.returncode
    assert "" == ended.stderr


def test_an_error_ends_the_reading_too() -> None:
    ended = []

    def images() -> Iterator[StagedImage]:
        try:
            yield from IMAGES
        finally:
            ended.append("reading")

    coming = images()
    with pytest.raises(InvalidAnswerError):
        list(
            classify_all(
                FakeRuntime(lambda _: b"oops"),  # type: ignore[arg-type]
                "cars",
                coming,
                2,
            )
        )
    assert ["reading"] == ended


def test_whoever_stops_listening_stops_the_asking() -> None:
    before, runtime = set(threading.enumerate()), FakeRuntime(lambda _: b"[0.5, 0.5]")
    answers = classify_all(runtime, "cars", IMAGES, 2)  # type: ignore[arg-type]
    next(answers)
    assert set(threading.enumerate()) - before
    answers.close()  # type: ignore[attr-defined]
    assert len(runtime.asked) < len(IMAGES)
    assert set() == set(threading.enumerate()) - before


def test_no_more_images_are_read_than_are_wanted_next() -> None:
    taken = []

    def images() -> Iterator[StagedImage]:
        for image in IMAGES:
            taken.append(image)
            yield image

    answers = classify_all(
        FakeRuntime(lambda _: b"[0.5, 0.5]"),  # type: ignore[arg-type]
        "cars",
        images(),
        2,
    )
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert len(taken) <= 4


def test_images_are_read_from_s3(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="photos")
    context.aws.s3.put_object(Bucket="photos", Key="a", Body=b"pixels")
    image = StagedImage("a", 0)
    [read] = read_images(context.aws.s3, "photos", [image], 2)
    assert image == read
    assert b"pixels" == read.data


def test_an_image_that_is_not_in_s3_is_named(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="photos")
    with pytest.raises(ImageMissingError, match="s3://photos/a"):
        list(read_images(context.aws.s3, "photos", [StagedImage("a", 0)], 2))


def test_answer_does_not_hold_the_bytes_of_its_image() -> None:
    assert {b""} == {answer.image.data for answer in classify(lambda _: b"[0.5, 0.5]")}
