"""Send an event that cannot reach a target to the target's dead-letter queue.

MiniStack: drops the event.
AWS: sends it to the queue with the reason, and counts it in the metrics of the rule.
Source: EventBridge User Guide, "Using dead-letter queues to process undelivered events" and
"Monitoring Amazon EventBridge".
Remove this patch when MiniStack does the same.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import eventbridge, lambda_svc, sqs

from localcloud.api.protocol import ServiceError
from localcloud.ministack.cloudwatch.metric_store import record
from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.ministack.logs.log_lines import log_group
from localcloud.ministack.patch import wrap
from localcloud.ministack.stepfunctions import workflows
from localcloud.ministack.swallowed_errors import collect
from localcloud.stepfunctions.api_errors import InvalidExecutionInputError

_logger = logging.getLogger(__name__)
_SERVICE = "events.amazonaws.com"
# Checks that a target exists, by the service in its ARN.
_FINDERS: Mapping[str, Callable[[str], object]] = {
    "states": workflows.exists,
    "lambda": lambda arn: lambda_svc._get_func_record_for_ref(arn)[0],
    "sqs": sqs._queue_by_arn,
    "logs": log_group,
}
# The actions of targets that EventBridge calls in the role of the target.
_ROLE_ACTIONS = {"states": "states:StartExecution"}


class UndeliveredError(Exception):
    """EventBridge cannot deliver an event; the code and message are AWS's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def install() -> None:
    """Check every delivery before MiniStack makes it, and handle its failures."""
    wrap(eventbridge, "_invoke_target", "target event rule view", _deliver)
    wrap(eventbridge, "_dispatch_to_stepfunctions", "arn payload", _start_execution)


def _deliver(
    original: Callable[..., None],
    target: Mapping[str, Any],
    event: Any,
    rule: Mapping[str, Any],
    view: Any = None,
) -> None:
    try:
        _require_deliverable(target, rule["Arn"])
        with collect(eventbridge.logger) as errors:
            original(target, event, rule, view)
        if errors:
            raise _undelivered(errors[0])
    except UndeliveredError as failure:
        _logger.warning("Event not delivered to %s: %s (%s)", target["Arn"], failure, failure.code)
        bury(target, event, rule["Arn"], failure)


def _undelivered(error: Exception) -> UndeliveredError:
    if isinstance(error, UndeliveredError):
        return error
    return UndeliveredError("INTERNAL_ERROR", f"{type(error).__name__}: {error}")


def _start_execution(_original: Callable[..., None], arn: str, payload: str) -> None:
    try:
        workflows.start(arn, payload)
    except InvalidExecutionInputError as exc:
        raise UndeliveredError("INVALID_JSON", exc.message) from exc
    except ServiceError as exc:
        raise UndeliveredError("ERROR_FROM_TARGET", exc.message) from exc


def _require_deliverable(target: Mapping[str, Any], rule_arn: str) -> None:
    # All local failures are permanent, and AWS does not retry these either. The codes: EventBridge
    # User Guide, "Using dead-letter queues to process undelivered events".
    arn = target["Arn"]
    service = arn.split(":")[2]
    if service in _FINDERS and not _FINDERS[service](arn):
        raise UndeliveredError("NO_RESOURCE", f"The target {arn} does not exist.")

    if service == "sqs" and not sqs.queue_policy_allows(arn, _SERVICE, rule_arn, get_account_id()):
        raise UndeliveredError(
            "NO_PERMISSIONS", f"The policy of {arn} does not let {rule_arn} send to it."
        )

    if service in _ROLE_ACTIONS:
        role = ServiceRole(target.get("RoleArn", ""), _SERVICE, rule_arn, "events")
        try:
            role.assume()
            role.require(service, _ROLE_ACTIONS[service], arn)
        except RoleNotAssumedError as exc:
            raise UndeliveredError("FAILED_TO_ASSUME_ROLE", str(exc)) from exc
        except RoleDeniedError as exc:
            raise UndeliveredError("NO_PERMISSIONS", str(exc)) from exc


def bury(target: Mapping[str, Any], event: Any, rule_arn: str, failure: UndeliveredError) -> None:
    """Send an undelivered event to the target's dead-letter queue, or drop it without a queue."""
    _count("FailedInvocations", rule_arn)
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return

    if not sqs.queue_policy_allows(queue_arn, _SERVICE, rule_arn, get_account_id()):
        _logger.error(
            "Event lost: the policy of %s does not let EventBridge send it for %s.",
            queue_arn,
            rule_arn,
        )
        _count("InvocationsFailedToBeSentToDlq", rule_arn)
        return

    _count("InvocationsSentToDlq", rule_arn)
    attributes = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": str(failure),
    }
    queue_url = sqs._queue_url_for_account(get_account_id(), queue_arn.rsplit(":", 1)[-1])
    message = {
        "QueueUrl": queue_url,
        "MessageBody": json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    sqs._act_send_message(message, queue_url)


def _count(metric: str, rule_arn: str) -> None:
    """Count one event of a rule on the default event bus."""
    record("AWS/Events", metric, 1, {"RuleName": rule_arn.rpartition("/")[2]}, "Count")
