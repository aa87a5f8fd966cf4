"""The test images through the endpoint: those that have no answer yet, in one go that is timed."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.dataset.dataset import TEST, Dataset, LabelledKey
from training.endpoint.answers import AnswerFile, ask
from training.endpoint.evaluation_errors import NoTestImagesError
from training.project.step import Context


def find_test_images(context: Context, dataset: Dataset) -> list[LabelledKey]:
    """The test split's images.

    Raises:
        NoTestImagesError: it has none, or S3 has no list of them any more.
    """
    try:
        images = dataset.images(context.aws.s3, TEST) if dataset.size(TEST) else []
    except ClientError as exc:
        if code_of(exc) in ("NoSuchKey", "NoSuchBucket"):
            raise NoTestImagesError(
                f"The list of test images is not in {dataset.url('test_lst')} any more: stage the dataset again."
            ) from exc
        raise
    if not images:
        raise NoTestImagesError
    return images


def measure(
    context: Context,
    dataset: Dataset,
    answers: AnswerFile,
    missing: list[LabelledKey],
    workers: int,
    variant: str | None,
) -> dict[str, Any]:
    """Classify the images that are missing, and keep the answers.

    The run's `last_go` is noted twice: before, so that an interrupted one is known as such (no seconds), and after.

    Returns: when the go began, how many images it had, its seconds, and how many requests were under way at once.
    """
    last_go = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "images": len(missing), "seconds": None}
    context.run.note("evaluate", last_go=last_go | {"workers": workers})
    started = perf_counter()
    ask(context, dataset, answers, missing, workers, variant)
    done = last_go | {"workers": workers, "seconds": perf_counter() - started}
    context.run.note("evaluate", last_go=done)
    return done
