"""Show the demo's decisions on the terminal, and the commands to continue with."""

import os
import shlex
from collections import Counter
from pathlib import Path

from rich import box
from rich.table import Table

from examples.demo import page
from examples.demo.decisions import Decision, Totals
from examples.demo.training_steps import SAMPLES
from localcloud.server.settings import Folder
from review.images import Reason
from untrusted.console import Console, styled

SHOWN = 20  # rows of the table; the page has all


def show(console: Console, decisions: list[Decision], totals: Totals, results: Path) -> None:
    """Print a table of the decisions, the totals by outcome, and where all decisions are."""
    console.print(decisions_table(decisions))
    counts = (styled((outcome, "bold"), f" {count}") for outcome, count in totals.outcomes.items())
    console.print(*counts, sep="  ")
    console.print(f"accuracy of all test images       {totals.accuracy}")
    console.print(f"accuracy of the accepted images   {totals.accepted_accuracy}", "", sep="\n")
    console.print(
        f"All decisions: {results / page.PAGE} (page), {results / 'decisions.json'} (data).",
        soft_wrap=True,
    )


def show_next_commands(console: Console, waiting: Counter[Reason], state: Path) -> None:
    """Print commands to continue with; the last one opens the review page.

    Args:
        console: Where to print.
        waiting: Number of images that wait for a reviewer.
        state: The folder of the local cloud.
    """
    here = "" if state == Folder().path else f" --state-dir {shlex.quote(str(state))}"
    activate = f'source .venv/bin/activate && eval "$(scones local env{here})"'
    sample = os.path.relpath(min((SAMPLES / "large").rglob("*.jpg")))
    console.print(
        "The local cloud keeps running, and nothing is charged. Continue with:",
        f"  {activate}",
        f"  scones upload {sample}",
        "  scones results --outcome REVIEW",
        "  scones where          # bucket, table, endpoint, for any AWS client",
        f"  scones local status{here}   # list running services",
        f"  scones local down{here}     # stop; `scones local up --detach{here}` starts it again",
        "",
        *review_commands(waiting, activate),
        sep="\n",
        soft_wrap=True,
    )


def review_commands(waiting: Counter[Reason], activate: str) -> list[str]:
    """Return the lines that offer the review page; without waiting images there are none."""
    if not waiting.total():
        return []
    audits = waiting[Reason.AUDIT] + waiting[Reason.SECOND_OPINION]
    return [
        f"{waiting.total():,} images wait for a reviewer, {audits:,} of them drawn for an audit. "
        "Label them on a local page:",
        f"  {activate}",
        "  scones review",
    ]


def decisions_table(decisions: list[Decision]) -> Table:
    """Return a table of the most important decisions: wrong ones first, then those not accepted."""
    order = [*page.GROUPS]
    first = sorted(decisions, key=lambda decision: order.index(decision.group))
    caption = f"{min(SHOWN, len(first))} of {len(first)} decisions, the most important first"
    table = Table(
        "image",
        "class",
        "true class",
        "confidence",
        "outcome",
        "ms from upload",
        box=box.SIMPLE_HEAD,
        caption=caption,
    )

    for decision in first[:SHOWN]:
        output = decision.output
        table.add_row(
            decision.upload.path.name,
            str(output.get("classification", output.get("error", ""))),
            decision.upload.label or "",
            f"{output['confidence_score']:.3f}" if "confidence_score" in output else "",
            decision.outcome,
            str(output.get("processing_time_ms", "")),
        )

    return table
