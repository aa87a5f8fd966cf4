"""`python -m training monitor`: are the images that come like those the model was measured on?"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli.arguments import whole
from training.dataset.dataset import Dataset
from training.models.served_model import read_whole_card
from training.service.errors import DriftError, SmallReferenceError
from training.steps.context import Context

if TYPE_CHECKING:
    from training.service.recent import Recent
    from training.statistics.drift import Comparison
    from training.statistics.sample import Sample

HELP = "compare recent images and decisions with the held-out ones; drift.html, a metric, and exit status 3 on drift"
IMAGES = 500  # the newest; so many find every drift of `python -m benchmarks.drift`
DAYS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.add_argument("--days", type=whole(1, 365), default=DAYS, metavar="N", help="look so far back (%(default)s)")
    parser.add_argument(
        "--images", type=whole(50, 100_000), default=IMAGES, metavar="N", help="at most the newest N (%(default)s)"
    )
    parser.add_argument("--stack", help="the service's stack (named as the endpoint)")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step.

    Raises:
        StepNotDoneError, ModelCardMissingError, ReferenceMissingError, InvalidReferenceError, SmallReferenceError:
            there is nothing to compare with.
        TooFewImagesError: there is too little to compare.
        DriftError: after everything is written; it has the result.
    """
    from training.reports.drift_report import show
    from training.service.metric import metric_request
    from training.service.recent import Window, read_recent
    from training.service.reference import read_reference, reference_url
    from training.statistics.drift import LEAST_IMAGES, compare

    card = read_whole_card(context.aws.ssm, context.names.model_card)
    url = reference_url(Dataset.of(context.run).bucket, card)
    reference, made_at = read_reference(context.aws.s3, url)
    if len(reference.decisions.classes) < LEAST_IMAGES:
        raise SmallReferenceError
    # What is older than the reference may be of the model before.
    window = Window.of(options.days, made_at, options.images)
    stack = options.stack or context.names.service
    recent = read_recent(context.aws, context.names.endpoint, card, stack, window)
    comparisons = compare(reference, recent.sample, recent.thresholds)
    context.run.begin("monitor", days=options.days, images=options.images, stack=stack)
    facts = {
        "endpoint": context.names.endpoint,
        "model": card["model_digest"],
        "reference": url,
        "reference_made_at": f"{made_at:%Y-%m-%d %H:%M} UTC",
        "since": f"{window.since:%Y-%m-%d %H:%M} UTC",
        "records": recent.records,
        "captured": recent.captured,
    }
    result = _write(context, facts, reference, recent, comparisons)
    context.aws.cloudwatch.put_metric_data(**metric_request(stack, comparisons))
    context.run.done("monitor", result)
    show(context.console, result)
    _judge(comparisons, result)
    return result


def _write(
    context: Context,
    facts: Mapping[str, Any],
    reference: "Sample",
    recent: "Recent",
    comparisons: "Sequence[Comparison]",
) -> dict[str, Any]:
    """Write drift.json and drift.html into the run's folder, and return the step's result."""
    from training.reports.drift_report import render

    data = {
        **facts,
        "drifted": [one.name for one in comparisons if one.drifted],
        "review_share": {
            "reference": reference.decisions.review_share(recent.thresholds),
            "recent": recent.sample.decisions.review_share(recent.thresholds),
        },
        "notes": recent.notes,
        "comparisons": [asdict(one) for one in comparisons],
    }
    data_file, report = context.run.folder / "drift.json", context.run.folder / "drift.html"
    data_file.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page = render(facts, data["review_share"], recent.notes, reference, recent.sample, comparisons)
    report.write_text(page, encoding="utf-8")
    return {**data, "report": str(report), "data_file": str(data_file)}


def _judge(comparisons: "Sequence[Comparison]", result: Mapping[str, Any]) -> None:
    drifted = [one for one in comparisons if one.drifted]
    if drifted:
        told = ", ".join(f"{one.name} (p = {one.p_value:.1g}, n = {one.recent:,})" for one in drifted)
        raise DriftError(f"Drift: {told}. {DriftError.__doc__}", result)
