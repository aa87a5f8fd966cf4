"""Store the reference of a drift comparison: statistics of held-out images, and their decisions.

Negative examples are not part of it, because their share in the dataset is arbitrary. The reference
is a JSON file in the training bucket, named by the digest of the model. It has about 150 kB, too
much for the model card. After a rollback the reference of the earlier model is found.
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

IMAGES = 2_000  # at most; more images hardly improve a comparison with 500 recent images
PHOTOS = 12  # images that the drift report shows
WORKERS = 16  # threads that read images


def decisions_of(
    labels: Sequence[str], answers: Sequence[Sequence[float]], temperature: float
) -> Decisions:
    """Read the endpoint's answers as the service does: classes and calibrated confidences."""
    if not answers:
        return Decisions()
    served = as_served(np.array(answers), temperature)
    return Decisions([labels[one] for one in served.argmax(axis=1)], served.max(axis=1).tolist())


def write_reference(
    s3: "S3Client", dataset: Dataset, card: Mapping[str, Any], answers: Sequence[Answer]
) -> str:
    """Write the reference from the answers to the held-out images, and return its URL.

    A fixed random selection is used of many answers, and no answer to a negative example.

    Raises:
        ImageMissingError: An image is missing in S3.
        UndecodableImageError: An image of the dataset is damaged.
    """
    real = (answer for answer in answers if dataset.labels[answer.label] != card.get("other_class"))
    ordered = sorted(real, key=lambda answer: answer.image.key)
    places = np.random.default_rng(0).permutation(len(ordered))[:IMAGES]
    drawn = {ordered[place].image: ordered[place].probabilities for place in places}
    pictures = read_images(s3, dataset.bucket, drawn, WORKERS)  # in order of arrival
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
    # An unchanged reference keeps its age, because recent images are those after it.
    if _stored(s3, *url)[0] != body:
        s3.put_object(Bucket=url[0], Key=url[1], Body=body)
    return reference_url(dataset.bucket, card)


def read_reference(s3: "S3Client", url: str) -> tuple[Sample, datetime]:
    """Return a reference, and the time of its creation.

    Raises:
        ReferenceMissingError: The reference does not exist.
        InvalidReferenceError: The reference is damaged.
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
    """Return the S3 URL of the reference of the card's model."""
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
