"""Compare recent images with the test images that measured the model, and report drift."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli.arguments import whole
from cli.page import Origin, image_uri, link_pages
from training.dataset.dataset import Dataset
from training.models.served_model import read_whole_card
from training.service.errors import DriftError
from training.steps.context import Context

if TYPE_CHECKING:
    from training.service.recent_drift import RecentDrift

HELP = "compare recent images and decisions with the test images; exit status 3 on drift"
IMAGES = 500  # the newest; this number finds every drift of `python -m benchmarks.drift`
DAYS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--days",
        type=whole(1, 365),
        default=DAYS,
        metavar="N",
        help="compare images of the last N days (default: %(default)s)",
    )
    add(
        "--images",
        type=whole(50, 100_000),
        default=IMAGES,
        metavar="N",
        help="compare at most the newest N images (default: %(default)s)",
    )
    add("--stack", help="stack of the service (default: the name of the endpoint)")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Compare, write the report, and publish the metric.

    Raises:
        StepNotDoneError: The run has no dataset.
        ModelCardMissingError: The endpoint has no model card.
        ReferenceMissingError: The deployed model has no reference.
        InvalidReferenceError: The reference is damaged.
        SmallReferenceError: The reference has too few images.
        TooFewRecentImagesError: There are too few recent images.
        DriftError: The images have drifted; all files are written, and the error has the result.
    """
    from training.reports.drift_report import show
    from training.service.metric import metric_request

    found = measure(context, options)
    stack = options.stack or context.names.service
    context.run.begin("monitor", days=options.days, images=options.images, stack=stack)
    result = _write(context, found)
    context.aws.cloudwatch.put_metric_data(**metric_request(stack, found.comparisons))
    context.run.done("monitor", result)
    show(context.console, result)
    _judge(found, result)
    return result


def measure(context: Context, options: argparse.Namespace) -> "RecentDrift":
    """Compare recent images with the reference. Write nothing and raise no DriftError."""
    from training.service.recent_drift import compare_recent

    card = read_whole_card(context.aws.ssm, context.names.model_card)
    bucket = Dataset.of(context.run).bucket
    stack = options.stack or context.names.service
    return compare_recent(
        context.aws, context.names.endpoint, card, bucket, stack, options.days, options.images
    )


def _write(context: Context, found: "RecentDrift") -> dict[str, Any]:
    """Write drift.json and drift.html into the run's folder, and return the step's result."""
    from training.reports.drift_report import render

    notes = found.recent.notes
    data = {
        **found.facts,
        "drifted": [one.name for one in found.drifted],
        "review_share": found.review_share,
        "notes": notes,
        "comparisons": [asdict(one) for one in found.comparisons],
    }
    data_file, report = context.run.folder / "drift.json", context.run.folder / "drift.html"
    data_file.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page = render(
        Origin.of_endpoint(context.aws.s3.meta.endpoint_url, context.aws.region),
        found.facts,
        found.review_share,
        notes,
        found.reference,
        found.recent.sample,
        found.comparisons,
        _photos(context, found),
    )
    report.write_text(page, encoding="utf-8")
    link_pages({"Evaluation": context.run.folder / "report.html", "Drift": report})
    return {**data, "report": str(report), "data_file": str(data_file)}


def _photos(context: Context, found: "RecentDrift") -> dict[str, list[str]]:
    """Return a few recent images and, where there are any, held-out images as data URIs."""
    from training.service.reference import reference_photos

    recent = found.recent.photos
    reference = reference_photos(context.aws.s3, Dataset.of(context.run)) if recent else []
    return {"recent": [*map(image_uri, recent)], "reference": [*map(image_uri, reference)]}


def _judge(found: "RecentDrift", result: Mapping[str, Any]) -> None:
    if found.drifted:
        names = ", ".join(
            f"{one.name} (p = {one.p_value:.1g}, n = {one.recent:,})" for one in found.drifted
        )
        raise DriftError(f"Drift: {names}. {DriftError.__doc__}", result)
