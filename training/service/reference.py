"""The reference: how the held-out images look, and what the deployed model says of them.

Counter-examples are not among them: they are there to teach the model, in a share that nobody expects of what comes.
A JSON file in the training bucket, by the digest of the model: some 150 kB do not go into the model card, which is an
SSM parameter. Whichever model the card names, now or after a rollback, its reference is found.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.s3_url import split_s3_url
from training.dataset.answer import Answer
from training.dataset.dataset import CALIBRATION, Dataset
from training.endpoint.invocation import ImageMissingError, read_images
from training.service.errors import InvalidReferenceError, ReferenceMissingError
from training.statistics.calibration import as_served
from training.statistics.image_statistics import STATISTICS, image_statistics
from training.statistics.sample import DIGITS, Decisions, Sample, columns

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMAGES = 2_000  # at most; with more, 500 recent images tell hardly more
PHOTOS = 12  # images that the drift report shows
WORKERS = 16  # threads that read images


def decisions_of(
    labels: Sequence[str], answers: Sequence[Sequence[float]], temperature: float
) -> Decisions:
    """What the service makes of answers of the endpoint: classes and calibrated confidences."""
    if not answers:
        return Decisions()
    served = as_served(np.array(answers), temperature)
    return Decisions([labels[one] for one in served.argmax(axis=1)], served.max(axis=1).tolist())


def write_reference(
    s3: "S3Client", dataset: Dataset, card: Mapping[str, Any], answers: Sequence[Answer]
) -> str:
    """Make the reference of the model that the card names of its answers to the held-out images; returns its URL.

    Of many answers some are drawn, always the same; none to a counter-example.

    Raises:
        ImageMissingError, UndecodableImageError: an image of the dataset is not what was staged.
    """
    real = (answer for answer in answers if dataset.labels[answer.label] != card.get("other_class"))
    ordered = sorted(real, key=lambda answer: answer.image.key)
    places = np.random.default_rng(0).permutation(len(ordered))[:IMAGES]
    drawn = {ordered[place].image: ordered[place].probabilities for place in places}
    pictures = read_images(s3, dataset.bucket, drawn, WORKERS)  # in the order in which they arrive
    measured = {image: image_statistics(image.data) for image in pictures}
    decisions = decisions_of(dataset.labels, list(drawn.values()), card["temperature"])
    content = {
        "model_digest": card["model_digest"],
        "data_digest": dataset.digest,
        "classes": decisions.classes,
        "confidences": _rounded(decisions.confidences),
        "statistics": {
            name: _rounded(values)
            for name, values in columns([measured[image] for image in drawn]).items()
        },
    }
    url = split_s3_url(reference_url(dataset.bucket, card))
    body = json.dumps(content, ensure_ascii=False).encode()
    # What is there already stays as old as it is: what came after it is what is compared with it.
    if _stored(s3, *url)[0] != body:
        s3.put_object(Bucket=url[0], Key=url[1], Body=body)
    return reference_url(dataset.bucket, card)


def read_reference(s3: "S3Client", url: str) -> tuple[Sample, datetime]:
    """A reference, and when it was made.

    Raises:
        ReferenceMissingError: there is none.
        InvalidReferenceError: it is something else.
    """
    body, made_at = _stored(s3, *split_s3_url(url))
    if body is None:
        raise ReferenceMissingError(f"{url}: {ReferenceMissingError.__doc__}")
    try:
        content = json.loads(body)
        known = {
            name: values for name, values in content["statistics"].items() if name in STATISTICS
        }
        return Sample(Decisions(content["classes"], content["confidences"]), known), made_at
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InvalidReferenceError(f"{url}: {exc!r}. {InvalidReferenceError.__doc__}") from exc


def reference_url(bucket: str, card: Mapping[str, Any]) -> str:
    """Where the reference of the model that the card names lies in the training bucket."""
    return f"s3://{bucket}/references/{card['model_digest'].removeprefix('sha256:')}.json"


def reference_photos(s3: "S3Client", dataset: Dataset) -> list[bytes]:
    """Return a few calibration images, always the same, of all classes but the negative one.

    The list is empty if the dataset is deleted.
    """
    try:
        images = dataset.images(s3, CALIBRATION) if dataset.size(CALIBRATION) else []
        real = [one for one in images if dataset.labels[one.label] != dataset.other_class]
        places = np.random.default_rng(0).permutation(len(real))[:PHOTOS]
        drawn = read_images(s3, dataset.bucket, [real[place] for place in places], WORKERS)
        return [image.data for image in drawn]
    except ImageMissingError:
        return []
    except ClientError as exc:
        if code_of(exc) in ("NoSuchKey", "NoSuchBucket"):
            return []
        raise


def _stored(s3: "S3Client", bucket: str, key: str) -> tuple[bytes | None, datetime]:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        if code_of(exc) in ("NoSuchKey", "NoSuchBucket"):
            return None, datetime.min.replace(tzinfo=UTC)
        raise
    return found["Body"].read(), found["LastModified"]


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, DIGITS) for value in values]
