"""Read failures: records with the outcome FAILED, and messages of the dead-letter queue."""

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

_HIDDEN = 600  # seconds for which other readers of the queue do not see the messages held here
WAIT = 1  # seconds to wait for a message; above 0 (long polling), all servers of the queue answer
_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")  # the version in a bucket without versioning


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed image, with the input for another execution."""

    image_url: str
    version: str  # empty if only the execution finds it out
    error: str
    request: dict[str, Any]
    messages: tuple["MessageTypeDef", ...] = ()  # messages about this failure

    @property
    def key(self) -> tuple[str, str]:
        """The key of its record."""
        return self.image_url, self.version


def of_record(record: Record) -> Failure:
    """Return the failure of a record. Its request has the version id, but cannot have an ETag."""
    request: dict[str, Any] = {"image_url": record.image_url}
    if not _ETAG.fullmatch(record.version):
        request |= {"version_id": record.version, "uploaded_at": record.uploaded_at}
    if record.confidence_threshold:  # 0: the model card's
        request["confidence_threshold"] = record.confidence_threshold
    return Failure(record.image_url, record.version, record.error or "", request)


def recorded(context: Context, prefix: str, error: str | None) -> Iterator[Record]:
    """Yield the records of failures under a prefix, or only the failures with an error."""
    return records.scan(context, prefix, outcome=FAILED, **({"error": error} if error else {}))


@contextmanager
def messages(context: Context) -> Iterator[list["MessageTypeDef"]]:
    """Hold all messages of the dead-letter queue; remaining messages become visible at the end."""
    sqs = context.aws.sqs
    queue = context.service.dead_letter_queue_url
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
        # SQS reports an error in the answer for deleted messages, which is expected.
        for batch in batched(held, 10, strict=False):
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
    """Delete the messages about a failure from the dead-letter queue."""
    for message in failure.messages:
        queue = context.service.dead_letter_queue_url
        context.aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def return_to_failure_queue(context: Context, failure: Failure) -> None:
    """Send the messages to the failure queue again, for the workflow record_failure."""
    for message in failure.messages:
        attributes: Any = message.get("MessageAttributes", {})
        context.aws.sqs.send_message(
            QueueUrl=context.service.failure_queue_url,
            MessageBody=message["Body"],
            MessageAttributes=attributes,
        )

    take_off(context, failure)


def of_message(context: Context, message: "MessageTypeDef") -> Failure | None:
    """Return the failure in a message, which is an upload event or a failed execution.

    Return None if the message does not name an image of the service.
    """
    try:
        event = json.loads(message["Body"])
        ended = event["detail"].get("executionArn")
        request = _input(context, event["detail"]) if ended else event
        image_url, version = _image(request)
        error = _error_of_execution(event["detail"]) if ended else _error_of_delivery(message)
    except (ValueError, KeyError, TypeError, AttributeError):  # the body is not a known message
        return None

    if not image_url.startswith(context.service.readable):
        return None
    if not version and ended and (record := records.recorded_by(context, image_url, ended)):
        # The execution had found out the version.
        return replace(of_record(record), messages=(message,))

    return Failure(image_url, version, error, request, (message,))


def _input(context: Context, detail: dict[str, Any]) -> dict[str, Any]:
    """Return the input of an execution; an event leaves out a large input."""
    text = detail.get("input")
    if text is None:
        text = context.aws.stepfunctions.describe_execution(executionArn=detail["executionArn"])[
            "input"
        ]
    return dict(json.loads(text))


def _image(request: dict[str, Any]) -> tuple[str, str]:
    if request.get("detail-type") == "Object Created":
        bucket = request["detail"]["bucket"]["name"]
        stored = request["detail"]["object"]
        image_url = f"s3://{bucket}/{stored['key']}"
        version = stored.get("version-id") or stored["etag"]
    else:
        image_url = request["image_url"]
        version = request.get("version_id") or ""

    if not isinstance(image_url, str) or not isinstance(version, str):
        raise TypeError(f"{image_url!r:.100} of version {version!r:.100} is not an image.")

    return image_url, version


def _error_of_execution(detail: dict[str, Any]) -> str:
    """Return the error's name as record_failure records it."""
    error: str = detail.get("error") or (
        "States.Timeout" if detail["status"] == "TIMED_OUT" else "ExecutionAborted"
    )
    return re.sub(r"^States\.", "Workflow.", error)


def _error_of_delivery(message: "MessageTypeDef") -> str:
    attributes: Any = message.get("MessageAttributes", {})
    return str(attributes.get("ERROR_CODE", {}).get("StringValue", "NotDelivered"))
