"""Classify many images in parallel: read them from S3, call the endpoint, yield the answers."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import code_of, sentence_of
from cli.polling import poll
from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.project.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

# Seconds. A serverless endpoint may refuse requests for minutes during its start: its model has
# three minutes to load and one to answer (SageMaker developer guide, "Invoke a serverless
# endpoint").
PATIENCE = 300.0
_TRANSIENT = {"ModelNotReadyException", "ThrottlingException"}
# Prefix of the InferenceId of this tool's requests, which captured data contains.
OWN_REQUEST = "training-"
# Seconds after which a wait for an answer lets Python handle signals.
_SIGNAL_SECONDS = 0.5
SUM_TOLERANCE = 0.01  # models answer in single precision, some with few digits


class ImageMissingError(TrainingError):
    """Stage the dataset again: an image of its list is missing in S3."""


class NoAnswerError(TrainingError):
    """Check the endpoint with `scones status`: it did not answer."""


class InvalidAnswerError(NoAnswerError):
    """Deploy a model that answers an image with a JSON list of class probabilities."""


def read_images(
    s3: "S3Client", bucket: str, keys: Iterable[StagedImage], workers: int
) -> Iterator[StagedImage]:
    """Yield every image with its data in order of arrival, reading only a few ahead.

    Raises:
        ImageMissingError: An image is missing in S3.
    """

    def read(image: StagedImage) -> StagedImage:
        try:
            data = s3.get_object(Bucket=bucket, Key=image.key)["Body"].read()
            return replace(image, data=data)
        except ClientError as exc:
            if code_of(exc) == "NoSuchKey":
                raise ImageMissingError(
                    f"s3://{bucket}/{image.key}: {ImageMissingError.__doc__}"
                ) from exc
            raise

    return _side_by_side(read, keys, workers)


def classify_all(
    runtime: "SageMakerRuntimeClient",
    endpoint: str,
    images: Iterable[StagedImage],
    workers: int,
    variant: str | None = None,
    patience: float = PATIENCE,
) -> Iterator[Answer]:
    """Yield the endpoint's answer to every image in order of arrival.

    Throttled requests, and requests to a starting serverless endpoint, are retried for `patience`
    seconds. With a `variant` the request goes to that variant, regardless of its weight.

    Raises:
        InvalidAnswerError: An answer is not a list of class probabilities.
        NoAnswerError: The endpoint refused an image or failed.
    """

    request = {
        "EndpointName": endpoint,
        "ContentType": "application/x-image",
        "Accept": "application/json",
    }
    if variant:
        request["TargetVariant"] = variant

    def classify(image: StagedImage) -> Answer:
        try:
            started, answer = _invoke(
                runtime, patience, Body=image.data, InferenceId=f"{OWN_REQUEST}{uuid4()}", **request
            )
            body = answer["Body"].read()
        except (ClientError, BotoCoreError) as exc:
            raise NoAnswerError(
                f"{endpoint} did not answer {image.key}: {sentence_of(exc)}"
            ) from exc
        milliseconds = (perf_counter() - started) * 1000
        return Answer(
            replace(image, data=b""),
            parse_probabilities(body, image.key),
            milliseconds,
            answer["InvokedProductionVariant"],
        )

    return _side_by_side(classify, images, workers)


def _invoke(
    runtime: "SageMakerRuntimeClient", patience: float, **request: Any
) -> tuple[float, Any]:
    """Call the endpoint until it neither throttles nor starts.

    Returns:
        The start of the answered call (`perf_counter`), and the answer.
    """
    waits = poll(patience)
    next(waits)  # the first attempt does not wait
    while True:
        started = perf_counter()
        try:
            return started, runtime.invoke_endpoint(**request)
        except ClientError as exc:
            if code_of(exc) not in _TRANSIENT or next(waits, None) is None:
                raise


def parse_probabilities(body: bytes, key: str) -> tuple[float, ...]:
    """Read the class probabilities in an endpoint's answer for the image at `key`.

    A captured answer is verbose if the service asked for one: an object with `probabilities`.

    Raises:
        InvalidAnswerError: The body has no list of class probabilities.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidAnswerError(
            f"The answer for {key} is {body[:100]!r}. {InvalidAnswerError.__doc__}"
        ) from exc
    if isinstance(answer, dict):
        answer = answer.get("probabilities")
    # NaN is not between 0 and 1, and `true`, which equals 1 in Python, is not a number.
    numbers = isinstance(answer, list) and all(
        type(one) in (int, float) and 0 <= one <= 1 + SUM_TOLERANCE for one in answer
    )
    if not numbers or abs(sum(answer) - 1) > SUM_TOLERANCE:
        raise InvalidAnswerError(
            f"The answer for {key} is {body[:100]!r}. {InvalidAnswerError.__doc__}"
        )
    return tuple(map(float, answer))


def _side_by_side[T, R](work: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Yield work(item) for all items in order of completion, at most 2 * `workers` at a time.

    When an item fails or the consumer stops, pending items are dropped. Ctrl-C does not wait for
    running calls, because a call to a hanging endpoint takes minutes with its retries. Therefore
    the threads are daemons, which end with the process.
    """
    waiting: SimpleQueue[tuple[T] | None] = SimpleQueue()
    done: SimpleQueue[Future[R]] = SimpleQueue()
    stopped = Event()

    def serve() -> None:
        while (task := waiting.get()) and not stopped.is_set():
            done.put(_outcome(work, *task))

    threads = [Thread(target=serve, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    under_way = 0
    try:
        for item in items:
            waiting.put((item,))
            under_way += 1
            if under_way == 2 * workers:
                yield _next(done).result()
                under_way -= 1
        for _ in range(under_way):
            yield _next(done).result()
    finally:
        stopped.set()
        for _ in threads:
            waiting.put(None)
        # During the interpreter's shutdown daemon threads never run again: joining them would hang.
        if not isinstance(sys.exception(), KeyboardInterrupt) and not sys.is_finalizing():
            for thread in threads:
                thread.join()
            if isinstance(items, Generator):
                items.close()


def _next[R](done: SimpleQueue[Future[R]]) -> Future[R]:
    """Wait for the next outcome, in short waits.

    A signal that arrives just before a wait begins does not interrupt it. Python would raise
    KeyboardInterrupt only after the answer of an endpoint that hangs.
    """
    while True:
        try:
            return done.get(timeout=_SIGNAL_SECONDS)
        except Empty:
            continue


def _outcome[R](work: Callable[..., R], *arguments: Any) -> Future[R]:
    """Return the result or the error of the work as a future."""
    future: Future[R] = Future()
    try:
        future.set_result(work(*arguments))
    except BaseException as exc:  # noqa: BLE001 # thread boundary: result() raises it in the caller
        future.set_exception(exc)
    return future
