"""Publish the metrics of Lambda and SQS.

MiniStack: publishes metrics of Lambda only, and leaves out functions that workflows invoke.
AWS: publishes the metrics of both.
Source: the developer guides of both services, in the chapters on monitoring with CloudWatch.
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping
from time import perf_counter, time
from typing import Any

from ministack.services import cloudwatch, lambda_svc, sqs

from localcloud.ministack.cloudwatch.metric_store import CLOCK, record
from localcloud.ministack.patch import wrap


def install() -> None:
    """Count invocations, and measure the queues whenever alarms are evaluated."""
    wrap(lambda_svc, "_execute_function", "func event", _count_invocation)
    wrap(
        lambda_svc,
        "_emit_lambda_metrics",
        "function_name duration_ms error throttle",
        _count_no_second_time,
    )
    wrap(cloudwatch, "_evaluate_all_alarms", "", _measure_queues)


def _count_invocation(original: Callable[..., Any], func: Mapping[str, Any], event: Any) -> Any:
    config = func.get("config") or func
    if lambda_svc._function_config_scope_mismatch(config):
        return original(
            func, event
        )  # the wrapped function comes here again, in the account and region of the Lambda function

    began = perf_counter()
    result = original(func, event)
    milliseconds = (perf_counter() - began) * 1000
    dimensions = {"FunctionName": config["FunctionName"]}
    throttled = bool(result.get("throttle"))
    record("AWS/Lambda", "Throttles", throttled, dimensions, "Count")
    if not throttled:  # AWS does not count a throttled request as an invocation
        record("AWS/Lambda", "Invocations", 1, dimensions, "Count")
        record("AWS/Lambda", "Errors", bool(result.get("error")), dimensions, "Count")
        record("AWS/Lambda", "Duration", milliseconds, dimensions, "Milliseconds")

    return result


def _count_no_second_time(_original: Callable[..., None], *_counted: Any, **_named: Any) -> None:
    """Drop MiniStack's own metrics of invocations, which are counted above."""


def _measure_queues(original: Callable[[], None]) -> None:
    for url, queue in list(sqs._queues.items()):
        name = url.rpartition("/")[2]
        messages = list(queue["messages"])
        visible = [message for message in messages if message["visible_at"] <= time()]
        age = max(map(_age, messages), default=0.0)
        record(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            len(visible),
            {"QueueName": name},
            "Count",
        )
        record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, {"QueueName": name}, "Seconds")

    original()


def _age(message: dict[str, Any]) -> float:
    """Return the seconds since a message was sent, by the clock from the first look at it."""
    now = CLOCK.now()
    since: float = message.setdefault("aging_since", now - (time() - message["sent_at"]))
    return now - since
