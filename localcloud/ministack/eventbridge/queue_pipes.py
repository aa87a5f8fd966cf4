"""Run EventBridge Pipes from an SQS queue to a workflow.

MiniStack: has pipes that read DynamoDB streams only, and drops a pipe's parameters.
AWS: reads queues too. Here each batch has one message, and an Express workflow runs to its end
(InvocationType REQUEST_RESPONSE).
Source: EventBridge Pipes, "Amazon Simple Queue Service as a source".
Remove this patch when MiniStack does the same.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, pipes, sqs

from localcloud.api.protocol import ServiceError
from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.ministack.patch import wrap
from localcloud.ministack.stepfunctions import workflows

_logger = logging.getLogger(__name__)


def install() -> None:
    """Poll the queues of pipes whenever MiniStack's poller runs, about once a second."""
    wrap(pipes, "_poll_pipe", "_ddb pipe pipe_account_id", _poll)


def _poll(
    original: Callable[..., None], ddb: Any, pipe: Mapping[str, Any], account_id: str
) -> None:
    if ":sqs:" not in pipe["Source"]:
        original(ddb, pipe, account_id)
    elif pipe["CurrentState"] == "RUNNING":
        try:
            _drain(pipe)
        except (
            RoleNotAssumedError,
            RoleDeniedError,
            sqs._Err,
        ) as exc:  # the last error: the queue does not exist
            _logger.warning("Pipe %s: %s", pipe["Name"], exc)
        except Exception:  # the messages come back later, and the other pipes continue now
            _logger.exception("Unexpected error in pipe %s", pipe["Name"])


def _drain(pipe: Mapping[str, Any]) -> None:
    """Deliver the visible messages of a queue, until it is empty."""
    queue_url = sqs._queue_url_for_account(get_account_id(), pipe["Source"].rsplit(":", 1)[-1])
    if not sqs._get_q(queue_url)["messages"]:
        return

    role = ServiceRole(pipe["RoleArn"], "pipes.amazonaws.com", pipe["Arn"], pipe["Name"])
    role.assume()

    for action in ("sqs:GetQueueAttributes", "sqs:ReceiveMessage"):
        role.require("sqs", action, pipe["Source"])

    while messages := sqs._receive_messages_for_esm(queue_url, 1):
        [message] = messages
        if _delivered(role, pipe["Target"], _record(message, pipe["Source"])):
            role.require("sqs", "sqs:DeleteMessage", pipe["Source"])
            sqs._delete_messages_for_esm(queue_url, {message["receipt_handle"]})
        else:
            _return(queue_url, message["receipt_handle"])


def _delivered(role: ServiceRole, target: str, record: Mapping[str, Any]) -> bool:
    """Start the target with one message; return whether it accepted the message."""
    action = "StartSyncExecution" if workflows.is_express(target) else "StartExecution"
    role.require("states", f"states:{action}", target)
    try:
        return workflows.deliver(target, json.dumps([record]))
    except ServiceError as exc:
        _logger.warning("%s does not start: %s", target, exc.message)
        return False


def _return(queue_url: str, receipt_handle: str) -> None:
    """Return the message to the queue after the visibility timeout, scaled like retry waits."""
    timeout = int(sqs._get_q(queue_url)["attributes"].get("VisibilityTimeout", "30"))
    scaled = round(timeout * workflows.wait_scale())
    sqs._act_change_visibility(
        {"QueueUrl": queue_url, "ReceiptHandle": receipt_handle, "VisibilityTimeout": scaled},
        queue_url,
    )


def _record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    # The format: EventBridge Pipes, "Amazon Simple Queue Service as a source", Sample event.
    return {
        "messageId": message["id"],
        "receiptHandle": message["receipt_handle"],
        "body": message["body"],
        "attributes": {
            "ApproximateReceiveCount": str(message["receive_count"]),
            "SentTimestamp": str(int(message["sent_at"] * 1000)),
            "SenderId": get_account_id(),
            "ApproximateFirstReceiveTimestamp": str(int(message["first_receive_at"] * 1000)),
        },
        "messageAttributes": lambda_svc._sqs_message_attributes_to_camel_case(
            message["message_attributes"]
        ),
        "md5OfBody": message["md5_body"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": get_region(),
    }
