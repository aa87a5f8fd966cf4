"""Start the backlog workflow with a list, follow it, and count its outcomes."""

import json
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError
from cli.outcomes import OUTCOMES
from cli.polling import poll
from operations.service import records
from operations.service.context import Context
from operations.service.image_list import ImageList, stored_list
from untrusted.console import progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LISTS = "backlog/"  # in the image bucket: lists, and under each execution's name its report
UNDECIDED = "undecided"
_YEAR = 86400 * 365  # seconds: the longest execution


class BacklogRunningError(CommandError):
    """Another backlog is running."""


class NoSuchBacklogError(CommandError):
    """The execution of the backlog workflow does not exist; AWS deletes it after 90 days."""


@dataclass(frozen=True)
class Backlog:
    """An execution of the backlog workflow."""

    execution: str
    status: str
    list_key: str
    cause: str

    @property
    def report(self) -> str:
        """The prefix of the report in the image bucket."""
        return f"{LISTS}{self.execution.rsplit(':', 1)[-1]}/"


def require_idle(context: Context) -> None:
    """Check that no backlog is running: two would send the same images twice.

    Raises:
        BacklogRunningError: a backlog is running.
    """
    arn = context.service.require_backlog_workflow()
    running = context.aws.stepfunctions.list_executions(
        stateMachineArn=arn, statusFilter="RUNNING", maxResults=1
    )
    for execution in running["executions"]:
        follow_hint, stop_hint = _hints(execution["executionArn"])
        raise BacklogRunningError(f"{BacklogRunningError.__doc__} {follow_hint}", stop_hint)


def start(context: Context, images: ImageList, **settings: float) -> str:
    """Store the list beside the images and start the workflow for it; return the execution's ARN.

    Raises:
        BacklogRunningError, NoBacklogWorkflowError: nothing was started.
    """
    require_idle(context)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    images.upload(context, f"{LISTS}{name}.csv")
    request = {"list": f"{LISTS}{name}.csv"} | settings
    arn = context.service.require_backlog_workflow()
    answer = context.aws.stepfunctions.start_execution(
        stateMachineArn=arn, name=name, input=json.dumps(request)
    )
    return answer["executionArn"]


def describe(context: Context, execution: str) -> Backlog:
    """Describe an execution of the backlog workflow.

    Raises:
        NoSuchBacklogError: the execution does not exist, or was not started with a list.
    """
    try:
        found = context.aws.stepfunctions.describe_execution(executionArn=execution)
    except ClientError as exc:
        if code_of(exc) not in ("ExecutionDoesNotExist", "InvalidArn"):
            raise
        raise NoSuchBacklogError(f"{execution}: {NoSuchBacklogError.__doc__}") from exc

    request: dict[str, Any] = json.loads(found.get("input", "{}"))
    if found["stateMachineArn"] != context.service.backlog_workflow_arn or "list" not in request:
        raise NoSuchBacklogError(
            f"{execution} is not a backlog with a list. {NoSuchBacklogError.__doc__}"
        )

    return Backlog(execution, found["status"], request["list"], found.get("cause", ""))


def follow(context: Context, execution: str) -> Backlog:
    """Show the progress until the execution ends; Ctrl-C leaves it running and shows what to do.

    Raises:
        NoSuchBacklogError: the execution does not exist, or was not started with a list.
    """
    backlog = describe(context, execution)
    try:
        with progress(context.console) as bars:
            bar = bars.add_task("Decided", total=None, note="")
            for _ in poll(_YEAR):
                _advance(context, execution, bars, bar)
                if backlog.status != "RUNNING":  # when the counts were read, so they are the last
                    break
                backlog = describe(context, execution)
    except KeyboardInterrupt:
        follow_hint, stop_hint = _hints(execution)
        context.console.print(f"The backlog continues. {follow_hint}", stop_hint, sep="\n")
        raise

    return backlog


def _advance(context: Context, execution: str, bars: "Progress", bar: "TaskID") -> None:
    for run in context.aws.stepfunctions.list_map_runs(executionArn=execution)["mapRuns"]:
        counts = context.aws.stepfunctions.describe_map_run(mapRunArn=run["mapRunArn"])[
            "itemCounts"
        ]
        bad = counts["failed"] + counts["timedOut"] + counts["aborted"]
        note = f"{counts['running']:,} at work" + (f", {bad:,} failed" if bad else "")
        bars.update(bar, total=counts["total"], completed=counts["succeeded"] + bad, note=note)


def outcomes(context: Context, backlog: Backlog) -> Counter[str]:
    """Count the outcomes in the records of the backlog's images."""
    listed = 0
    counts = Counter(dict.fromkeys(OUTCOMES, 0))

    def keys() -> Any:
        nonlocal listed
        for image in stored_list(context, backlog.list_key):
            listed += 1
            yield image.key

    counts.update(record.outcome for record in records.find(context, keys()) if record.outcome)
    counts[UNDECIDED] = listed - counts.total()
    return counts


def report(context: Context, backlog: Backlog) -> str | None:
    """Return the URL of the report's manifest, which lists the result files; None if missing."""
    bucket = context.service.image_bucket
    for found in context.aws.s3.list_objects_v2(Bucket=bucket, Prefix=backlog.report).get(
        "Contents", []
    ):
        if found["Key"].endswith("/manifest.json"):
            return context.service.image_url(found["Key"])
    return None


def _hints(execution: str) -> tuple[str, str]:
    """Return how to follow an execution, and how to stop it."""
    return (
        f"To follow it: scones backlog --follow {execution}",
        f"To stop it: aws stepfunctions stop-execution --execution-arn {execution}",
    )
