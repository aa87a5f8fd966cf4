"""Check functions, workflows, rules and pipes: tracing, logs, time limits, failures, triggers."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from cli.outcomes import FINAL
from tests.security.gate.templates import Data, Finding, Template

LONGEST_DELIVERY = {
    "MaximumEventAgeInSeconds": 86400,
    "MaximumRetryAttempts": 185,
}  # what EventBridge offers at most
OFF: tuple[object, ...] = (None, False, "PassThrough", "Disabled", {})


def check_running(template: Template) -> Iterator[Finding]:
    """Find functions, workflows, rules and pipes without limits or a report of failures."""
    shared = template.data.get("Globals", {})
    for logical_id, resource in template.data["Resources"].items():
        section = shared.get(resource["Type"].rpartition("::")[2], {})
        if check := CHECKS.get(resource["Type"]):
            for advice in check(template, logical_id, {**section, **resource["Properties"]}):
                yield Finding(template.name, logical_id, advice)


def _function(template: Template, _logical_id: str, properties: Data) -> Iterator[str]:
    if properties.get("Tracing") in OFF:
        yield "trace it: Tracing"
    if not properties.get("Timeout"):
        yield "bound its time: Timeout"
    if template.has_key and not properties.get("KmsKeyArn"):
        yield "encrypt its environment with the stack's key: KmsKeyArn"
    if "FunctionUrlConfig" in properties:
        yield "leave it without a URL of its own"
    if "VpcConfig" not in properties:
        yield "let it run in the user's network: VpcConfig"
    group = {"Fn::Sub": f"/aws/lambda/{properties.get('FunctionName', {}).get('Fn::Sub')}"}
    groups = [
        one["Properties"].get("LogGroupName") for _, one in template.of_type("AWS::Logs::LogGroup")
    ]
    if group not in groups:
        yield f"give it a log group of the template, which limits retention: {group['Fn::Sub']}"
    roles = [
        one["Properties"].get("Role") for _, one in template.of_type("AWS::Serverless::Function")
    ]
    if roles.count(properties.get("Role")) > 1:
        yield "give it a role that no other function has"


def _workflow(_template: Template, _logical_id: str, properties: Data) -> Iterator[str]:
    if properties.get("Tracing", {}).get("Enabled") in OFF:
        yield "trace it: Tracing"
    logging = properties.get("Logging", {})
    groups = [
        one.get("CloudWatchLogsLogGroup", {}).get("LogGroupArn")
        for one in logging.get("Destinations", [])
    ]
    if logging.get("Level") in (None, "OFF") or not all(groups or [None]):
        yield "log its failures: Logging with a Level and Destinations"
    if logging.get("IncludeExecutionData") is not False:
        yield "keep images out of its log: IncludeExecutionData false"


def _rule(_template: Template, _logical_id: str, properties: Data) -> Iterator[str]:
    if "ScheduleExpression" in properties:
        yield from _schedule(properties)
    else:
        yield from _events(properties.get("EventPattern", {}))
    if properties.get("State", "ENABLED") != "ENABLED":
        yield "leave it on"
    for target in properties.get("Targets", []):
        if not target.get("DeadLetterConfig", {}).get("Arn"):
            yield f"keep undelivered events of the target {target['Id']}: DeadLetterConfig"
        if target.get("RetryPolicy") != LONGEST_DELIVERY:
            yield f"retry the target {target['Id']} longer: RetryPolicy {LONGEST_DELIVERY}"
    if not properties.get("Targets"):
        yield "give it a target"


def _schedule(properties: Data) -> Iterator[str]:
    if not re.fullmatch(r"rate\(\d+ minutes\)", properties["ScheduleExpression"]):
        yield "say how often it starts: rate(N minutes)"


def _events(pattern: Data) -> Iterator[str]:
    if not (pattern.get("source") and pattern.get("detail-type")):
        yield "say which events it takes: source and detail-type"
    types = pattern.get("detail-type")
    yield from _pattern(pattern.get("source"), types, pattern.get("detail", {}))


def _pattern(source: Any, types: Any, detail: Data) -> Iterator[str]:
    if source == ["aws.s3"]:
        if not detail.get("bucket", {}).get("name"):
            yield "take the events of one bucket only: detail.bucket.name"
        keys = detail.get("object", {}).get("key", [])
        if not keys or not all(isinstance(key, dict) and key.get("prefix") for key in keys):
            yield "take the keys under one prefix only: detail.object.key"
    if source == ["scones-unlimited"]:
        images = detail.get("image_url", [])
        if not images or not all(
            isinstance(image, dict) and image.get("prefix") for image in images
        ):
            yield "take the images of one bucket only: detail.image_url"
        if types != ["Image Decided"]:
            yield from _of_reviews(types, detail)
    if source == ["aws.states"]:
        if not detail.get("stateMachineArn"):
            yield "take the executions of one workflow only: detail.stateMachineArn"
        if not {"FAILED", "TIMED_OUT", "ABORTED"} <= set(detail.get("status", [])):
            yield "receive every failed end: detail.status"


def _of_reviews(types: Any, detail: Data) -> Iterator[str]:
    if types != ["Image Decided", "Image Reviewed", "Image Review Undone"]:
        yield "take every event that changes whether a version waits: detail-type"
    if detail.get("outcome") != [*FINAL]:
        yield "take every final outcome: detail.outcome"


def _pipe(template: Template, _logical_id: str, properties: Data) -> Iterator[str]:
    source = properties.get("Source", {}).get("Fn::GetAtt", [None])[0]
    queue = template.data["Resources"].get(source, {})
    if not queue.get("Properties", {}).get("RedrivePolicy"):
        yield "read from a queue that has a RedrivePolicy"
    step_functions = properties.get("TargetParameters", {}).get(
        "StepFunctionStateMachineParameters", {}
    )
    if step_functions.get("InvocationType") != "REQUEST_RESPONSE":
        yield "keep the message until its work is done: InvocationType REQUEST_RESPONSE"
    if properties.get("SourceParameters", {}).get("SqsQueueParameters", {}).get("BatchSize") != 1:
        yield "let no message fail with another: BatchSize 1"


CHECKS: dict[str, Callable[[Template, str, Data], Iterator[str]]] = {
    "AWS::Serverless::Function": _function,
    "AWS::Serverless::StateMachine": _workflow,
    "AWS::Events::Rule": _rule,
    "AWS::Pipes::Pipe": _pipe,
}
