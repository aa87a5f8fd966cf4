"""Read the complete reviews of the deployed service from its two tables.

The reviews table names the reviewed images, and their records hold the answers that stand. So the
cost grows with the number of answers, not with the number of classified images.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.aws import Aws
from cli.service import StackNotFoundError, find_service
from cli.table_items import items_of
from training.dataset.review_summary import sentences
from training.dataset.reviews import (
    CLASS,
    NONE_OF_THESE,
    NOT_USABLE,
    ChosenReviews,
    RecordedReviews,
    Review,
    Rules,
    choose_reviews,
)
from training.dataset.selection import LeftOut
from training.dataset.stored_image import version_reader
from training.project.errors import TrainingError
from untrusted.console import Console, track

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Key = tuple[str, str]  # image URL and version

# The model's classification is not read: it is never a label.
_REQUEST = {"ProjectionExpression": "image_url, version, recorded_at, waits_for, review, audit"}
_VERDICTS = (CLASS, NONE_OF_THESE, NOT_USABLE)

INCOMPLETE, FOREIGN = "incomplete review", "another bucket"


class ServiceNotDeployedError(TrainingError):
    """Deploy the service (`sam build && sam deploy`), or leave out --with-reviews."""


class NoReviewsError(TrainingError):
    """Label images with `scones review`, or leave out --with-reviews: no review is complete."""


def reviews_for(aws: Aws, stack: str, rules: Rules, console: Console) -> ChosenReviews:
    """Return the reviews of a service that join a dataset, and show their numbers.

    Raises as `read_reviews`.
    """
    recorded = read_reviews(aws, stack, console)
    chosen = choose_reviews(recorded, rules, partial(version_reader, aws.s3))
    for sentence in sentences(chosen):
        console.print(sentence)
    return chosen


def read_reviews(aws: Aws, stack: str, console: Console) -> RecordedReviews:
    """Read the reviews of the service in a stack.

    Raises:
        ServiceNotDeployedError: The stack does not exist.
        StackOutdatedError: The stack has no reviews table.
        NoReviewsError: No review is complete.
    """
    try:
        service = find_service(aws.cloudformation, stack)
    except StackNotFoundError as exc:
        raise ServiceNotDeployedError(
            f"--with-reviews reads the reviews of the stack {stack}, which is not in {aws.region}. "
            f"{ServiceNotDeployedError.__doc__}"
        ) from exc

    keys = _reviewed(aws.dynamodb, service.require_reviews())
    items = items_of(aws.dynamodb, service.results_table, keys, _REQUEST)
    images = service.image_url("")
    read = [_read(item, images) for item in track(console, "Reading reviews", items, len(keys))]

    complete = [one for one in read if isinstance(one, Review)]
    left_out = [one for one in read if isinstance(one, LeftOut)]
    waiting = read.count(None)
    if not complete:
        raise NoReviewsError(
            f"Of the service {stack}, {waiting:,} images wait for another answer, and "
            f"{len(left_out):,} reviews are incomplete. {NoReviewsError.__doc__}"
        )
    return RecordedReviews(complete, waiting, left_out)


def _reviewed(dynamodb: "DynamoDBClient", table: str) -> list[Key]:
    """Return the keys of all images that have an answer, each once."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, ProjectionExpression="image_url, version", ConsistentRead=True
    )
    items = (item for page in pages for item in page["Items"])
    return sorted({(item["image_url"]["S"], item["version"]["S"]) for item in items})


def _read(item: Mapping[str, Any], images: str) -> Review | LeftOut | None:
    """Return the review of a record, why it is left out, or None while the image waits.

    Args:
        item: The record.
        images: The URL of the image bucket. The step reads no other bucket with its rights.
    """
    url, version = item["image_url"]["S"], item["version"]["S"]
    if "review" not in item or "waits_for" in item:
        return None
    if not url.startswith(images):
        return LeftOut(f"{url}?versionId={version}", FOREIGN, f"not an image under {images}")
    try:
        review = item["review"]["M"]
        audit = item["audit"]["M"]
        read = Review(
            image_url=url,
            version=version,
            verdict=review["verdict"]["S"],
            label=review["class"]["S"] if "class" in review else None,
            recorded_at=item["recorded_at"]["S"],
            reviewed_at=review["reviewed_at"]["S"],
            drawn=audit["drawn"]["BOOL"],
            probability=float(audit["probability"]["N"]),
            reviewer=review["reviewer"]["S"] if "reviewer" in review else "",
        )
    except (KeyError, ValueError) as exc:
        return LeftOut(f"{url}?versionId={version}", INCOMPLETE, f"its record lacks {exc}")
    if read.verdict not in _VERDICTS or (read.drawn and not 0 < read.probability <= 1):
        why = f"verdict {read.verdict}, probability of the audit {read.probability:g}"
        return LeftOut(read.path, INCOMPLETE, why)
    return read
