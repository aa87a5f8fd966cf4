"""Let reviewed images with a suspicious label wait for another reviewer.

The record of an image has the class probabilities of the model that decided before anybody labelled
it, so no model has learned the label yet: they are out of sample. A label to which that model gave
a low probability is wrong more often than others (Northcutt, Jiang, Chuang, "Confident learning:
estimating uncertainty in dataset labels", 2021). Nothing changes until a person answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from review.answers import standing_answers
from review.images import ImageKey, Reason
from review.service.leases import conditional, record_key
from review.service.stored_answers import stored_answers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class GivenLabel:
    """The only answer about an image.

    Args:
        probability: The machine's probability of the class, from 0 to 1.
    """

    key: ImageKey
    label: str
    probability: float


def look_again(
    dynamodb: "DynamoDBClient", results: str, reviews: str, count: int
) -> list[GivenLabel]:
    """Let the images with the `count` most suspicious labels wait for a second opinion.

    Reads all answers. Images that wait already, and images that two reviewers have answered, are
    left out.

    Returns:
        The labels in doubt, the most suspicious first.
    """
    labels = given_labels(stored_answers(dynamodb, reviews))
    doubted = (label for label in labels if _doubt(dynamodb, results, label.key))
    return list(islice(doubted, count))


def given_labels(items: Iterable[Mapping[str, Any]]) -> list[GivenLabel]:
    """Return the labels that one reviewer gave, the most suspicious first.

    Args:
        items: All items of the reviews table.
    """
    return sorted(_single_labels(items), key=lambda given: (given.probability, given.key.id))


def _single_labels(items: Iterable[Mapping[str, Any]]) -> Iterator[GivenLabel]:
    by_image: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        by_image[item["image_url"]["S"], item["version"]["S"]].append(item)

    for of_image in by_image.values():
        answers = standing_answers(of_image)
        if len(answers) != 1:
            continue
        [answer] = answers
        if answer.label is not None and answer.label_probability is not None:
            yield GivenLabel(answer.key, answer.label, answer.label_probability)


def _doubt(dynamodb: "DynamoDBClient", results: str, key: ImageKey) -> bool:
    """Let an image wait again; return False if it waits already."""
    return conditional(
        partial(
            dynamodb.update_item,
            TableName=results,
            Key=record_key(key),
            UpdateExpression=(
                "SET waits_for = :reason, second_look = :yes,"
                " review_revision = review_revision + :one"
            ),
            ConditionExpression=("attribute_exists(review) AND attribute_not_exists(waits_for)"),
            ExpressionAttributeValues={
                ":reason": {"S": Reason.SECOND_OPINION},
                ":yes": {"BOOL": True},
                ":one": {"N": "1"},
            },
        )
    )
