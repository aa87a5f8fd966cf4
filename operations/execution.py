"""`execution`: show what one execution of the workflow did, as a page."""

import argparse
import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.command_line import Result
from cli.errors import CommandError
from cli.s3_url import split_s3_url
from operations import records
from operations.command import Context
from operations.execution_page import Execution, render
from operations.history import read_history

HELP = "show what one execution did, state by state, as an HTML page"
FOLDER = Path("build/executions")


class ExecutionNotFoundError(CommandError):
    """There is no such execution; Step Functions forgets one 90 days after its end."""


class ImageNotRecordedError(CommandError):
    """No execution has worked on this image: is it spelled right, and was it uploaded under uploads/?"""


class AnotherWorkflowError(CommandError):
    """The execution is not one of this service's image classification workflow; name its stack with --stack."""


class NoHistoryError(CommandError):
    """Step Functions keeps no history of an Express execution: see the workflow's log group, or its record."""


class PageNotWritableError(CommandError):
    """The page cannot be written there; name another file with --to."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to show, and where."""
    parser.add_argument("execution", metavar="ARN | IMAGE_URL", help="an execution, or an image: its latest execution")
    parser.add_argument("--to", type=Path, metavar="FILE", help=f"the page (default: {FOLDER}/NAME.html)")


def run(context: Context, options: argparse.Namespace) -> Result:
    """Write the page."""
    arn = _arn(context, options.execution)
    execution = read_execution(context, arn)
    page = options.to or FOLDER / f"{arn.rpartition(':')[2]}.html"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render(execution), encoding="utf-8")
    except OSError as exc:
        raise PageNotWritableError(f"{page}: {exc.strerror}. {PageNotWritableError.__doc__}") from exc
    path = [step.name for step in execution.history.steps]
    context.console.print(f"{execution.status}: {' → '.join(path)}", f"The page: {page}", sep="\n")
    return Result({"execution": arn, "status": execution.status, "path": path, "page": str(page)})


def read_execution(context: Context, arn: str) -> Execution:
    """Read description, definition and history of an execution of this service's workflow.

    Raises:
        ExecutionNotFoundError, AnotherWorkflowError, NoHistoryError: as their sentences say.
    """
    if ":express:" in arn:
        raise NoHistoryError
    states = context.aws.stepfunctions
    try:
        description = states.describe_execution(executionArn=arn)
        if description["stateMachineArn"] != context.service.workflow_arn:
            raise AnotherWorkflowError(f"{arn!r} belongs elsewhere. {AnotherWorkflowError.__doc__}")
        workflow = states.describe_state_machine_for_execution(executionArn=arn)
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        history = read_history(event for page in pages for event in page["events"])
    except ClientError as exc:
        if code_of(exc) not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
        raise ExecutionNotFoundError(f"{arn!r} is not there. {ExecutionNotFoundError.__doc__}") from exc
    definition: dict[str, Any] = json.loads(workflow["definition"])
    return Execution(
        arn, description["status"], description["startDate"], description.get("stopDate"), definition, history
    )


def _arn(context: Context, named: str) -> str:
    """The ARN that the user named, or that of the latest execution that worked on the image."""
    if named.startswith("arn:"):
        return named
    split_s3_url(named)
    record = records.latest(context, named)
    arn = record and (record.opened_by or record.execution)
    if not arn:
        raise ImageNotRecordedError(f"{named!r} has no record. {ImageNotRecordedError.__doc__}")
    return arn
