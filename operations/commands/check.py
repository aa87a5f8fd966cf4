"""`check`: ask AWS whether it accepts a deployment; creates nothing, costs nothing."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rich.table import Table

from cli import instances
from cli.arguments import whole
from cli.command_line import Result
from operations.check.algorithm import check_image
from operations.check.answers import Outcome, Row
from operations.check.definitions import check_definitions, read_definitions
from operations.check.mocked_results import Route
from operations.check.permissions import policy
from operations.check.place import find_place
from operations.check.policies import check_policies
from operations.check.quotas import check_quotas, needs
from operations.check.templates import check_templates
from operations.check.walk import check_states
from operations.service.context import Context
from untrusted.console import styled
from untrusted.terminal import print_json

HELP = "ask AWS whether it accepts a deployment; creates nothing and costs nothing"
UPLOAD = "workflow_s3_event"  # the sample event that names the image bucket
_COLORS = {Outcome.ACCEPTED: "green", Outcome.LOOKED_UP: "", Outcome.NOT_EMULATED: "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    count = whole(0, 1000)
    add(
        "--permissions",
        action="store_true",
        help="print the IAM policy that this command needs, and ask AWS nothing",
    )
    add(
        "--training-type",
        default=instances.TRAINING[instances.BUILT_IN],
        metavar="TYPE",
        help="instance type of training (default: %(default)s)",
    )
    add(
        "--training-instances",
        type=count,
        default=1,
        metavar="N",
        help="number of training instances; 0 if nothing is trained (default: %(default)s)",
    )
    add(
        "--endpoint-type",
        default=instances.ENDPOINT,
        metavar="TYPE",
        help="instance type of the endpoint (default: %(default)s)",
    )
    add(
        "--endpoint-instances",
        type=count,
        default=1,
        metavar="N",
        help="number of endpoint instances; an update needs twice as many (default: %(default)s)",
    )


def run(context: Context, options: argparse.Namespace) -> Result:
    """Run the check; the exit status is 1 if AWS refuses something, or does not answer.

    Raises:
        RegionMissingError: no region is set.
        NoCredentialsError, ClientError: AWS does not know the caller.
    """
    if options.permissions:
        if not options.json:
            print_json(policy())
        return Result(policy())

    rows = _ask_aws(context, options)
    _show(context, rows)
    return Result(_data(context, rows), status=1 if any(row.outcome.fails for row in rows) else 0)


def _ask_aws(context: Context, options: argparse.Namespace) -> list[Row]:
    """Ask all kinds of questions side by side; return the rows in the order of the kinds."""
    aws = context.aws
    place = find_place(aws, context.stack)
    # Clients are made before the threads: a session cannot make two at once.
    stepfunctions, cloudformation = aws.stepfunctions, aws.cloudformation
    access_analyzer, service_quotas = aws.access_analyzer, aws.service_quotas

    definitions = read_definitions(place, Route(UPLOAD).input["detail"]["bucket"]["name"])
    needed = needs(
        options.training_type,
        options.training_instances,
        options.endpoint_type,
        options.endpoint_instances,
    )
    kinds: list[Callable[[], Iterable[Row]]] = [
        lambda: check_definitions(stepfunctions, definitions),
        lambda: check_states(stepfunctions, place, definitions),
        lambda: check_templates(cloudformation),
        lambda: check_policies(access_analyzer, place),
        lambda: check_quotas(service_quotas, needed),
        lambda: check_image(place.region),
    ]
    with context.console.status("Asking AWS"), ThreadPoolExecutor(len(kinds)) as pool:
        return [row for rows in pool.map(lambda kind: list(kind()), kinds) for row in rows]


def _show(context: Context, rows: list[Row]) -> None:
    table = Table("check", box=None, pad_edge=False)
    for heading in ("subject", "outcome", "message"):
        table.add_column(heading, overflow="fold")

    for row in rows:
        outcome = styled((row.outcome, _COLORS.get(row.outcome, "red")))
        table.add_row(row.check, row.subject, outcome, row.message)

    context.console.print(table)
    counts = Counter(row.outcome for row in rows)
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    context.console.print(f"{len(rows)} subjects in {context.aws.region}: {summary}.")


def _data(context: Context, rows: list[Row]) -> dict[str, Any]:
    return {
        "region": context.aws.region,
        "account": context.aws.account,
        "outcomes": {outcome: sum(row.outcome == outcome for row in rows) for outcome in Outcome},
        "rows": [
            {
                "check": row.check,
                "subject": row.subject,
                "outcome": row.outcome,
                "message": row.message,
            }
            for row in rows
        ],
    }
