"""Show a project's resources, their cost, and the finished steps of the run."""

import argparse
from dataclasses import asdict
from typing import Any

from rich.table import Table

from cli.prices import HOURS_PER_MONTH, add_prices_argument, per_hour, read_prices
from training.reports.resources import Account, Resource, resources
from training.steps.context import Context
from untrusted.console import LINE_BREAK, styled

HELP = "show existing resources, their cost per hour, and the finished steps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Show the resources, their cost and the finished steps. Change nothing, not even run.json."""
    prices = read_prices(options.prices, charged=not context.aws.is_local)
    account = Account(context.aws, context.names, context.run, context.stack)
    with context.console.status("Listing resources"):
        found = list(resources(account, prices))

    steps = {
        step: {"status": record["status"], "at": record.get(f"{record['status']}_at")}
        for step, record in context.run.steps.items()
    }
    known = sum(resource.dollars_per_hour or 0.0 for resource in found)
    unknown = sum(resource.dollars_per_hour is None for resource in found)
    _show(context, found, steps)
    context.console.print(
        f"Together {per_hour(known)} per hour, ${known * HOURS_PER_MONTH:,.2f} per month of "
        f"{HOURS_PER_MONTH} hours"
        + (f", and {unknown} unknown" if unknown else "")
        + f" ({prices.basis})."
    )
    return {
        **context.names.tags,
        "region": context.aws.region,
        "resources": [asdict(resource) for resource in found],
        "steps": steps,
        "dollars_per_hour": known,
        "dollars_per_month": known * HOURS_PER_MONTH,
        "unknown_prices": unknown,
        "prices": {"region": prices.region, "as_of": prices.as_of, "source": prices.source},
    }


def _show(context: Context, found: list[Resource], steps: dict[str, dict[str, Any]]) -> None:
    names, say = context.names, context.console.print
    say(f"Project {names.project}, environment {names.environment}, in {context.aws.region}:")
    if found:
        table = Table(box=None, pad_edge=False)
        table.add_column("what")
        table.add_column("which", overflow="fold")
        table.add_column("per hour", justify="right", no_wrap=True)
        for resource in found:
            detail = (LINE_BREAK, (resource.detail, "dim")) if resource.detail else ()
            which = styled(resource.name, " ", (resource.state, "bold"), *detail)
            costs = resource.dollars_per_hour is None or resource.dollars_per_hour > 0
            table.add_row(
                resource.kind, which, per_hour(resource.dollars_per_hour) if costs else ""
            )
        say(table)
    else:
        say("  No resources yet. `scones stage` is the first step.")
    say(f"Run {names.run}, {context.run.path}:")
    for step, record in steps.items():
        say(f"  {step:9} {record['status']:6} {record['at']}")
    if not steps:
        say("  No step has begun.")
