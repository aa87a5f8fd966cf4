"""What failed: records of the outcome FAILED, and messages of the dead-letter queue that could not even be recorded."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from cli.outcomes import FAILED
from operations.service import records
from operations.service.context import Context
from operations.service.records import Record

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN = 600  # seconds that other readers of the queue do not see what is held here
WAIT = 1  # seconds for a message to come; above 0, so that all of the queue's servers are asked
_ETAG = re.compile(
    r"[0-9a-f]{32}(-[0-9]+)?"
)  # what stands for the version in a bucket without versions


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that is to go through the workflow again, with the input to start it with."""

    image_url: str
    version: str  # empty if only the execution will find it out
    error: str
    request: dict[str, Any]
    messages: tuple["MessageTypeDef", ...] = ()  # that tell of it

    @property
    def key(self) -> tuple[str, str]:
        """The key of its record."""
        return self.image_url, self.version


def of_record(record: Record) -> Failure:
    """The failure that a record tells of; a version id is asked for again by name, an ETag cannot be."""
    request: dict[str, Any] = {"image_url": record.image_url}
    if not _ETAG.fullmatch(record.version):
        request |= {"version_id": record.version, "uploaded_at": record.uploaded_at}
    if record.confidence_threshold:  # 0: the model card's
        request["confidence_threshold"] = record.confidence_threshold
    return Failure(record.image_url, record.version, record.error or "", request)


def recorded(context: Context, prefix: str, error: str | None) -> Iterator[Record]:
    """Yield the records of failures under a prefix; with an error, those of that error."""
    return records.scan(context, prefix, outcome=FAILED, **({"error": error} if error else {}))


@contextmanager
def messages(context: Context) -> Iterator[list["MessageTypeDef"]]:
    """All messages of the dead-letter queue. Those that are not deleted meanwhile are visible again at the end."""
    sqs, queue = context.aws.sqs, context.service.dead_letter_queue_url
    held: list[MessageTypeDef] = []
    try:
        while received := sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN,
            WaitTimeSeconds=WAIT,
            MessageAttributeNames=["All"],
        ).get("Messages"):
            held += received
        yield held
    finally:
        for batch in batched(
            held, 10, strict=False
        ):  # of what is deleted, SQS says that there is no such message
            entries: Any = [
                {
                    "Id": str(number),
                    "ReceiptHandle": message["ReceiptHandle"],
                    "VisibilityTimeout": 0,
                }
                for number, message in enumerate(batch)
            ]
            sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)


def take_off(context: Context, failure: Failure) -> None:
    """Delete the messages that tell of a failure from the dead-letter queue."""
    for message in failure.messages:
        queue = context.service.dead_letter_queue_url
        context.aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def return_to_failure_queue(context: Context, failure: Failure) -> None:
    """Have the workflow record_failure look at the messages again, as it did before it gave them up."""
    for message in failure.messages:
        attributes: Any = message.get("MessageAttributes", {})
        context.aws.sqs.send_message(
            QueueUrl=context.service.failure_queue_url,
            MessageBody=message["Body"],
            MessageAttributes=attributes,
        )
    take_off(context, failure)


def of_message(context: Context, message: "MessageTypeDef") -> Failure | None:
    """The failure that a message tells of: an upload event, or a bad end. None if it names no image of the service."""
    try:
        event = json.loads(message["Body"])
        ended = event["detail"].get("executionArn")
        request = _input(context, event["detail"]) if ended else event
        image_url, version = _image(request)
        error = _error_of_execution(event["detail"]) if ended else _error_of_delivery(message)
    except (ValueError, KeyError, TypeError, AttributeError):  # anybody may have sent anything
        return None
    if not image_url.startswith(context.service.readable):
        return None
    if not version and ended and (record := records.recorded_by(context, image_url, ended)):
        return replace(
            of_record(record), messages=(message,)
        )  # the execution had found out what the name meant
    return Failure(image_url, version, error, request, (message,))


def _input(context: Context, detail: dict[str, Any]) -> dict[str, Any]:
    """The input of an execution; one that is too large for an event is left out of it."""
    text = detail.get("input")
    if text is None:
        text = context.aws.stepfunctions.describe_execution(executionArn=detail["executionArn"])[
            "input"
        ]
    return dict(json.loads(text))


def _image(request: dict[str, Any]) -> tuple[str, str]:
    if request.get("detail-type") == "Object Created":
        bucket, stored = request["detail"]["bucket"]["name"], request["detail"]["object"]
        image_url, version = (
            f"s3://{bucket}/{stored['key']}",
            stored.get("version-id") or stored["etag"],
        )
    else:
        image_url, version = request["image_url"], request.get("version_id") or ""
    if not isinstance(image_url, str) or not isinstance(version, str):
        raise TypeError(f"{image_url!r:.100} of version {version!r:.100} names no image.")
    return image_url, version


def _error_of_execution(detail: dict[str, Any]) -> str:
    """Name the error as record_failure would have recorded it."""
    error: str = detail.get("error") or (
        "States.Timeout" if detail["status"] == "TIMED_OUT" else "ExecutionAborted"
    )
    return re.sub(r"^States\.", "Workflow.", error)


def _error_of_delivery(message: "MessageTypeDef") -> str:
    attributes: Any = message.get("MessageAttributes", {})
    return str(attributes.get("ERROR_CODE", {}).get("StringValue", "NotDelivered"))
