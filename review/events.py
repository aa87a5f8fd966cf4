"""Build the event that announces a complete review."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from boto3.dynamodb.types import TypeDeserializer

from review.answers import review_of
from review.images import Answer, WaitingImage, deciding_answer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "scones-unlimited"
DETAIL_TYPE = "Image Reviewed"
UNDONE = "Image Review Undone"


def image_reviewed(
    image: WaitingImage, answers: Sequence[Answer]
) -> "PutEventsRequestEntryTypeDef":
    """Return the event for EventBridge.

    Args:
        image: The image; its outcome and classification are the machine's.
        answers: All answers that count, at least one, the oldest first.
    """
    review: AttributeValueTypeDef = {"M": review_of(deciding_answer(answers), len(answers))}
    plain = TypeDeserializer().deserialize(review)
    detail = {
        "image_url": image.key.image_url,
        "version": image.key.version,
        "outcome": image.outcome,
        "classification": image.classification,
        "review": plain | {"answers": len(answers)},
    }
    return {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}


def review_undone(image: WaitingImage) -> "PutEventsRequestEntryTypeDef":
    """Return the event that a review, which was complete, is not any more.

    Args:
        image: The image, which waits again; its outcome and classification are the machine's.
    """
    detail = {
        "image_url": image.key.image_url,
        "version": image.key.version,
        "outcome": image.outcome,
        "classification": image.classification,
    }
    return {"Source": SOURCE, "DetailType": UNDONE, "Detail": json.dumps(detail)}
