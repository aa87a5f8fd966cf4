"""`retained`: what `sam delete` has kept of a stack, and, in dev, how to get rid of it."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.command_line import Result
from cli.confirmation import add_confirmation_arguments, confirmed
from cli.errors import CommandError
from cli.prices import Prices, add_prices_argument, read_prices
from operations.service.context import Context
from operations.service.retained_resources import RetainedResource, find
from untrusted.console import progress

HELP = "list the resources that a deleted stack retained, with their cost"


class StackNotDeletedError(CommandError):
    """The stack is still there: `sam delete` comes first, and keeps images and records."""


class ProdIsKeptError(CommandError):
    """No command deletes images and records of environment prod: delete them by hand."""


@dataclass(frozen=True)
class DeletedStack:
    """A stack that was deleted within the last 90 days, for which CloudFormation remembers it, and what it kept."""

    name: str
    environment: str
    kept: list[RetainedResource]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "--delete",
        action="store_true",
        help="delete the resources, with all images and records; refused for environment prod",
    )
    add_confirmation_arguments(parser)
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> Result:
    """Carry the command out. What is deleted before an interruption is gone; the next call does the rest.

    Raises:
        StackNotDeletedError: the stack exists.
        ProdIsKeptError: there is something of environment prod, and it was to be deleted.
    """
    _require_deleted(context)
    with context.console.status("Looking for what is left"):
        stacks = [stack for stack in _deleted(context, read_prices(options.prices)) if stack.kept]
    found = [kept for stack in stacks for kept in stack.kept]
    _show(context, stacks)
    data: dict[str, Any] = {
        "kept": [
            {"kind": one.kind, "name": one.name, "dollars_a_month": one.dollars_a_month}
            for one in found
        ],
        "deleted": False,
    }
    if not found or not options.delete:
        return Result(data)
    if any(stack.environment == "prod" for stack in stacks):
        raise ProdIsKeptError
    if confirmed(
        context.console, options, f"Delete {len(found)} with all that is in them, for good?"
    ):
        _delete(context, found)
        data["deleted"] = True
    return Result(data)


def _require_deleted(context: Context) -> None:
    try:
        [stack] = context.aws.cloudformation.describe_stacks(StackName=context.stack)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":  # there is none
            raise
        return
    raise StackNotDeletedError(
        f"{context.stack!r} is {stack['StackStatus']}. {StackNotDeletedError.__doc__}"
    )


def _deleted(context: Context, prices: Prices) -> Iterator[DeletedStack]:
    cloudformation = context.aws.cloudformation
    pages = cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=["DELETE_COMPLETE"]
    )
    for stack_id in [
        stack["StackId"]
        for page in pages
        for stack in page["StackSummaries"]
        if stack["StackName"] == context.stack
    ]:
        [stack] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        parameters = {
            one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])
        }
        yield DeletedStack(
            stack["StackName"],
            # Stacks of earlier releases have the parameter Stage.
            parameters.get("Environment") or parameters.get("Stage", "dev"),
            list(find(context.aws, _left_alone(context, stack_id), prices)),
        )


def _left_alone(context: Context, stack_id: str) -> Iterator[tuple[str, str]]:
    """Type and name of what CloudFormation did not delete, as the template has it."""
    for page in context.aws.cloudformation.get_paginator("describe_stack_events").paginate(
        StackName=stack_id
    ):
        for event in page["StackEvents"]:
            if event.get("ResourceStatus") == "DELETE_SKIPPED":
                yield event["ResourceType"], event["PhysicalResourceId"]


def _show(context: Context, stacks: list[DeletedStack]) -> None:
    say = context.console.print
    for stack in stacks:
        say(f"{stack.name} (environment {stack.environment}) has kept:")
        for one in stack.kept:
            say(f"  {one.kind} {one.name}: {one.size}, ${one.dollars_a_month:.2f} a month")
    if not stacks:
        say(f"No stack {context.stack} that was deleted within 90 days has left anything.")
    say(
        "The endpoint is no part of the stack: `python -m training status` tells of it, `cleanup` deletes it."
    )


def _delete(context: Context, found: list[RetainedResource]) -> None:
    with progress(context.console) as bars:
        for one in found:
            bar = bars.add_task(f"Deleting the {one.kind}", total=one.count, note="")
            for gone in one.delete(context.aws):
                bars.advance(bar, gone)
