"""`retained`: list the resources that a deleted stack retained, and delete them in dev."""

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
    """The stack exists. Run `sam delete` first, which retains images and records."""


class ProdRetainedError(CommandError):
    """No command deletes images and records of environment prod. Delete them by hand."""


@dataclass(frozen=True)
class DeletedStack:
    """A stack deleted within 90 days, which CloudFormation still lists, with its resources."""

    name: str
    environment: str
    retained: list[RetainedResource]


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
    """List retained resources, and delete them with --delete; a second run continues a deletion.

    Raises:
        StackNotDeletedError: the stack exists.
        ProdRetainedError: the resources to delete are of environment prod.
    """
    _require_deleted(context)
    prices = read_prices(options.prices, charged=not context.aws.is_local)
    with context.console.status("Looking for retained resources"):
        stacks = [stack for stack in _deleted(context, prices) if stack.retained]

    found = [resource for stack in stacks for resource in stack.retained]

    _show(context, stacks)
    listed = [
        {"kind": one.kind, "name": one.name, "dollars_a_month": one.dollars_a_month}
        for one in found
    ]
    data: dict[str, Any] = {"retained": listed, "deleted": False}
    if not found or not options.delete:
        return Result(data)

    if any(stack.environment == "prod" for stack in stacks):
        raise ProdRetainedError

    question = f"Delete {len(found)} resources and their content permanently?"
    if confirmed(context.console, options, question):
        _delete(context, found)
        data["deleted"] = True

    return Result(data)


def _require_deleted(context: Context) -> None:
    try:
        [stack] = context.aws.cloudformation.describe_stacks(StackName=context.stack)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":  # the stack does not exist
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
    stack_ids = [
        stack["StackId"]
        for page in pages
        for stack in page["StackSummaries"]
        if stack["StackName"] == context.stack
    ]

    for stack_id in stack_ids:
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
    """Yield type and name of each resource that CloudFormation retained."""
    for page in context.aws.cloudformation.get_paginator("describe_stack_events").paginate(
        StackName=stack_id
    ):
        for event in page["StackEvents"]:
            if event.get("ResourceStatus") == "DELETE_SKIPPED":
                yield event["ResourceType"], event["PhysicalResourceId"]


def _show(context: Context, stacks: list[DeletedStack]) -> None:
    say = context.console.print
    for stack in stacks:
        say(f"{stack.name} (environment {stack.environment}) retained:")
        for one in stack.retained:
            say(f"  {one.kind} {one.name}: {one.size}, ${one.dollars_a_month:.2f} a month")

    if not stacks:
        say(f"No stack {context.stack} deleted within 90 days retained a resource.")

    say(
        "The endpoint is not part of the stack. `scones status` shows its cost, "
        "`scones cleanup` deletes it."
    )


def _delete(context: Context, found: list[RetainedResource]) -> None:
    with progress(context.console) as bars:
        for one in found:
            bar = bars.add_task(f"Deleting the {one.kind}", total=one.count, note="")
            for gone in one.delete(context.aws):
                bars.advance(bar, gone)
