"""Many images through a SageMaker endpoint: read from S3 and classified side by side, in the order they come back."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from queue import SimpleQueue
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

# Seconds. A serverless endpoint may refuse requests for minutes while it starts: its model has three
# minutes to load, and one to answer (SageMaker developer guide, "Invoke a serverless endpoint").
PATIENCE = 300.0
_PASSING = {"ModelNotReadyException", "ThrottlingException"}
OWN_REQUEST = (
    "training-"  # what the InferenceId of this tool's requests begins with; captured data keeps it
)
SUM_TOLERANCE = 0.01  # models answer in single precision, some with few digits


class ImageMissingError(TrainingError):
    """An image that the dataset lists is not in S3: stage the dataset again."""


class NoAnswerError(TrainingError):
    """The endpoint did not answer an image; `scones status` says whether it is in service."""


class InvalidAnswerError(NoAnswerError):
    """The endpoint does not answer an image with a JSON list of class probabilities."""


def read_images(
    s3: "S3Client", bucket: str, keys: Iterable[StagedImage], workers: int
) -> Iterator[StagedImage]:
    """Yield every image with its data, as they arrive, reading only a few ahead.

    Raises:
        ImageMissingError: one of them is not there.
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
    """Yield the endpoint's answer to every image that was read, as they arrive.

    Requests that are throttled, or find a serverless endpoint starting, are repeated for `patience` seconds.

    With a `variant` it is that one which is asked, whatever share of the traffic it has.

    Raises:
        InvalidAnswerError: an answer is no list of class probabilities.
        NoAnswerError: the endpoint refused an image, or failed at it.
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

    Returns: when the call that was answered began (`perf_counter`), and the answer.
    """
    waits = poll(patience)
    next(waits)  # the first look does not wait
    while True:
        started = perf_counter()
        try:
            return started, runtime.invoke_endpoint(**request)
        except ClientError as exc:
            if code_of(exc) not in _PASSING or next(waits, None) is None:
                raise


def parse_probabilities(body: bytes, key: str) -> tuple[float, ...]:
    """Read the class probabilities that an endpoint answered for the image at `key`.

    Raises:
        InvalidAnswerError: the body is something else.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidAnswerError(
            f"{key} was answered with {body[:100]!r}. {InvalidAnswerError.__doc__}"
        ) from exc
    # NaN is not between 0 and 1, and true is no number, which to Python would be 1.
    numbers = isinstance(answer, list) and all(
        type(one) in (int, float) and 0 <= one <= 1 + SUM_TOLERANCE for one in answer
    )
    if not numbers or abs(sum(answer) - 1) > SUM_TOLERANCE:
        raise InvalidAnswerError(
            f"{key} was answered with {body[:100]!r}. {InvalidAnswerError.__doc__}"
        )
    return tuple(map(float, answer))


def _side_by_side[T, R](work: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Yield work(item) for all items, in the order they are done; at most twice as many as `workers` are under way.

    When an item fails or the consumer stops, what has not begun is dropped. Ctrl-C does not wait for what has: with
    its retries a call to an endpoint that hangs takes minutes, so the threads are such as end with the process.
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
                yield done.get().result()
                under_way -= 1
        for _ in range(under_way):
            yield done.get().result()
    finally:
        stopped.set()
        for _ in threads:
            waiting.put(None)
        # Once the interpreter is being taken down, such threads never run again, and joining one would hang.
        if not isinstance(sys.exception(), KeyboardInterrupt) and not sys.is_finalizing():
            for thread in threads:
                thread.join()
            if isinstance(items, Generator):
                items.close()


def _outcome[R](work: Callable[..., R], *arguments: Any) -> Future[R]:
    """What comes of the work, be it an error, for whoever asks for the result."""
    future: Future[R] = Future()
    try:
        future.set_result(work(*arguments))
    except BaseException as exc:  # noqa: BLE001 # the border of the thread: result() raises it where it is asked for
        future.set_exception(exc)
    return future
