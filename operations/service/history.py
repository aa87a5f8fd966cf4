"""Read the states of an execution from its history."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError
from operations.service.context import Context
from operations.service.owners import stack_of_workflow

_ENDS = {"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}


class ExecutionNotFoundError(CommandError):
    """The execution does not exist; Step Functions deletes executions after 90 days."""


class AnotherWorkflowError(CommandError):
    """The execution is of another workflow. Name its stack with --stack."""


class NoHistoryError(CommandError):
    """Express executions have no history. See the workflow's log group, or `scones results`."""


@dataclass(frozen=True)
class Failure:
    """An error in the history."""

    error: str
    cause: str


@dataclass
class Step:
    """One visit of a state; input and output are JSON texts; the output is None until it ends."""

    name: str
    entered_at: datetime
    input: str
    output: str | None = None
    exited_at: datetime | None = None
    attempts: int = 0  # of its task; 0 for a state that has none
    failures: list[Failure] = field(default_factory=list)

    @property
    def milliseconds(self) -> int | None:
        """The duration including waits between attempts; None while the state runs."""
        if self.exited_at is None:
            return None
        return round((self.exited_at - self.entered_at).total_seconds() * 1000)

    @property
    def retries(self) -> int:
        """The number of attempts after the first."""
        return max(0, self.attempts - 1)


@dataclass
class History:
    """The states in the order of their entry, and the error of a failed execution."""

    steps: list[Step] = field(default_factory=list)
    failure: Failure | None = None


@dataclass(frozen=True)
class Execution:
    """An execution of the workflow, its definition and its history."""

    arn: str
    status: str
    started_at: datetime
    stopped_at: datetime | None
    definition: dict[str, Any]
    history: History


def read_execution(context: Context, arn: str) -> Execution:
    """Read description, definition and history of an execution of this service's workflow.

    Raises:
        ExecutionNotFoundError: the execution does not exist.
        AnotherWorkflowError: it is of another workflow.
        NoHistoryError: it is an Express execution.
    """
    if ":express:" in arn:
        raise NoHistoryError

    states = context.aws.stepfunctions

    try:
        description = states.describe_execution(executionArn=arn)
        if description["stateMachineArn"] != context.service.workflow_arn:
            raise _another_workflow(context, arn, description["stateMachineArn"])
        workflow = states.describe_state_machine_for_execution(executionArn=arn)
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        history = read_history(event for page in pages for event in page["events"])
    except ClientError as exc:
        if code_of(exc) not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
        raise ExecutionNotFoundError(
            f"{arn!r} is not found. {ExecutionNotFoundError.__doc__}"
        ) from exc

    definition: dict[str, Any] = json.loads(workflow["definition"])
    return Execution(
        arn,
        description["status"],
        description["startDate"],
        description.get("stopDate"),
        definition,
        history,
    )


def _another_workflow(context: Context, arn: str, workflow: str) -> AnotherWorkflowError:
    owner = stack_of_workflow(context.aws, workflow)
    advice = (
        f"It belongs to the stack {owner}. Use --stack {owner}."
        if owner
        else "Name its stack with --stack."
    )
    return AnotherWorkflowError(
        f"{arn!r} is not an execution of the workflow of the stack {context.stack}. {advice}"
    )


def read_history(events: Iterable[Mapping[str, Any]]) -> History:
    """Return the steps of a workflow without Parallel and Map states from its events."""
    history = History()
    for event in events:
        kind = event["type"]
        described = (value for key, value in event.items() if key.endswith("EventDetails"))
        details: Mapping[str, Any] = next(described, {})
        step = history.steps[-1] if history.steps else None
        if kind.endswith("StateEntered"):
            history.steps.append(
                Step(details["name"], event["timestamp"], details.get("input", ""))
            )
        elif kind in _ENDS:
            history.failure = _failure(kind, details)
            if step and step.exited_at is None:
                step.exited_at = event["timestamp"]
        elif step and kind.endswith("StateExited"):
            step.output = details.get("output", "")
            step.exited_at = event["timestamp"]
        elif step and kind in {"TaskScheduled", "LambdaFunctionScheduled"}:
            step.attempts += 1
        elif step and kind.endswith(("Failed", "TimedOut")):
            step.failures.append(_failure(kind, details))

    return history


def _failure(kind: str, details: Mapping[str, Any]) -> Failure:
    return Failure(details.get("error") or kind, details.get("cause", ""))
