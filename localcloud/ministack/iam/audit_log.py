"""Write a line of JSON for every decision of IAM.

MiniStack: keeps no log of its decisions.
AWS: records API calls and their refusals in CloudTrail.
Source: CloudTrail User Guide, "CloudTrail record contents".
Remove this patch when MiniStack logs its decisions.

The root of the account may do everything and is not recorded. Without a listener nothing is
recorded.
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import sqs

from localcloud.ministack.patch import wrap

# The listeners, which receive one line at a time.
listeners: list[Callable[[str], object]] = []
# The last question to the policies of the caller. An `enforce` without one is about the root.
_asked: ContextVar[iam_evaluator.EvalContext | None] = ContextVar("asked", default=None)


def install() -> None:
    """Record the decisions about requests, and about events that are sent to queues."""
    wrap(iam_evaluator, "evaluate", "ctx policies limits", _evaluate)
    wrap(
        iam_evaluator,
        "enforce",
        "access_key_id iam_action service region resource_arn service_context",
        _enforce,
    )
    wrap(
        sqs,
        "queue_policy_allows",
        "queue_arn service source_arn source_account",
        _queue_policy_allows,
    )


def record(
    caller: str, action: str, resource: str, conditions: Mapping[str, Any], allowed: bool
) -> None:
    """Record a decision.

    Args:
        caller: the ARN of the role's session, or the service principal.
        action: the IAM action, as "s3:GetObject".
        resource: the ARN of the resource.
        conditions: the condition keys of the request in lower case, with their values.
        allowed: the decision.
    """
    line = {
        "time": datetime.now(UTC).isoformat(),
        "caller": caller,
        "action": action,
        "resource": resource,
        "conditions": conditions,
        "allowed": allowed,
    }
    text = json.dumps(line, default=str)

    for listen in listeners:
        listen(text)


def record_request(context: iam_evaluator.EvalContext, allowed: bool) -> None:
    """Record the decision about a role's request."""
    secure = str(context.secure_transport).lower()
    conditions = {key: value for key, value in context.service_context.items() if value is not None}
    record(
        context.principal_arn,
        context.action,
        context.resource_arn,
        {**conditions, "aws:securetransport": secure},
        allowed,
    )


def _evaluate(original: Callable[..., Any], ctx: iam_evaluator.EvalContext, *policies: Any) -> Any:
    _asked.set(ctx)
    return original(ctx, *policies)


def _enforce(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    _asked.set(None)
    refusal = original(*args, **kwargs)
    context = _asked.get()
    if context is not None:
        record_request(context, allowed=refusal is None)
    return refusal


def _queue_policy_allows(
    original: Callable[..., bool],
    queue_arn: str,
    service: str,
    source_arn: str,
    source_account: str,
) -> bool:
    allowed = original(queue_arn, service, source_arn, source_account)
    source = {"aws:sourcearn": source_arn, "aws:sourceaccount": source_account}
    record(service, "sqs:SendMessage", queue_arn, source, allowed)
    return allowed
