"""Approve the challenger in the model registry if it is shown to be better than the champion."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cli import instances
from cli.arguments import add_timeout_argument, add_workers_argument, whole
from cli.names import shorten
from cli.prices import add_prices_argument, per_hour, read_prices
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset, HeldOutImages, StagedImage
from training.endpoint.answers import Classifier
from training.endpoint.comparison import ModelComparison
from training.models.promotion import Verdict, judge, same_model
from training.models.promotion_errors import (
    ChallengerRefusedError,
    NoFairImagesError,
    NotComparableError,
    UnknownAncestorError,
)
from training.models.registry import Package
from training.steps.context import Context

HELP = "compare the trained model with the champion, and approve it if it is better"
TIMEOUT = "30m"  # AWS usually takes 3 to 10 minutes


class Comparison(Protocol):
    """Collect the answers of the compared models; `ModelComparison` is the implementation."""

    def answers(
        self, packages: Sequence[Package], images: Sequence[StagedImage]
    ) -> Mapping[int, list[Answer]]:
        """Return each model's answers by its version, in the order of the images."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--challenger",
        type=whole(1, 10**6),
        metavar="N",
        help="version of the challenger in the model registry (default: the run's model)",
    )
    add("--role", metavar="ARN", help="IAM role for SageMaker (default: the training job's role)")
    add(
        "--instance-type",
        default=instances.ENDPOINT,
        metavar="TYPE",
        help="instance type for each model (default: %(default)s)",
    )
    add_workers_argument(parser)
    add_timeout_argument(parser, TIMEOUT)
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Find the challenger, compare it with the champion, and record the decision.

    Raises:
        StepNotDoneError: The run has no dataset or no model.
        PackageMissingError: The registry does not have the challenger's version.
        NotComparableError: The two models are not comparable.
        UnknownAncestorError: An earlier model of the challenger is not registered.
        OtherDatasetError: The challenger was trained on another dataset.
        NoTestImagesError: The dataset has no test images.
        NoFairImagesError: One of the models was trained on every test image.
        BadModelArchiveError: A model archive is invalid.
        ModelChangedError: A model archive has changed.
        PackageFilesMissingError: Files of a model package are missing.
        ComparisonEndpointError: The endpoint failed; the same command resumes the comparison.
        NoAnswerError: An image has no answer; the same command resumes the comparison.
        ChallengerRefusedError: The challenger is not better; the registry records the reason.
    """
    dataset = Dataset.of(context.run)
    trained = context.run.result("train")
    version = options.challenger or trained.get("model_package", {}).get("version")
    if version is None:
        raise NotComparableError(
            "The run's model is not in the registry: `scones train` registers it."
        )

    role = options.role or trained["role"]
    prices = read_prices(options.prices, charged=not context.aws.is_local)
    hourly = prices.instances(options.instance_type)
    context.console.print(
        f"Cost: {per_hour(hourly)} per hour for each model during the comparison ({prices.basis})."
    )
    classifier = Classifier(
        context.aws, context.names.endpoint, dataset, context.console, options.workers
    )
    comparison = ModelComparison(
        classifier, context.names, context.run.folder, role, options.instance_type, options.timeout
    )
    challenger = context.registry.find_package(version)
    return promote(context, dataset, challenger, comparison)


def promote(
    context: Context, dataset: Dataset, challenger: Package, comparison: Comparison
) -> dict[str, Any]:
    """Compare a challenger with the champion, and record the decision. Raises as `run`."""
    registry = context.registry
    champion = registry.find_champion()
    context.run.begin("promote", challenger=challenger.arn, champion=champion and champion.arn)
    if champion and champion.version == challenger.version:
        verdict = Verdict(True, f"Version {challenger.version} is the champion already.")
    else:
        verdict = _compare(context, dataset, challenger, champion, comparison)
        registry.decide(challenger, "Approved" if verdict.promoted else "Rejected", verdict.reason)
    result = verdict.as_data() | {
        "challenger": challenger.version,
        "champion": champion and champion.version,
    }
    context.run.done("promote", result)
    if not verdict.promoted:
        raise ChallengerRefusedError(verdict.reason)
    context.console.print(verdict.reason)
    context.console.print(_next_comparison(challenger, champion))
    return result


def _next_comparison(challenger: Package, champion: Package | None) -> str:
    """Return the sentences that name the champion and announce the next comparison."""
    first = "" if champion else "It is the first champion, so no comparison with a model was made. "
    return (
        f"Version {challenger.version} is the champion. {first}The next `scones promote` compares "
        "its model with this version on the same test images."
    )


def _compare(
    context: Context,
    dataset: Dataset,
    challenger: Package,
    champion: Package | None,
    comparison: Comparison,
) -> Verdict:
    _check(context, dataset, challenger, champion)
    if champion and champion.facts["model_digest"] == challenger.facts["model_digest"]:
        return same_model(challenger, champion)

    packages = [challenger, champion] if champion else [challenger]
    images = _fair_images(context, dataset, packages)
    answers = comparison.answers(packages, images)

    other = (
        f"the champion, version {champion.version},"
        if champion
        else "the rule of always the most frequent class"
    )
    names = (f"Version {challenger.version}", other)
    champion_answers = answers[champion.version] if champion else None
    return judge(answers[challenger.version], champion_answers, names)


def _check(
    context: Context, dataset: Dataset, challenger: Package, champion: Package | None
) -> None:
    # Images that trained a model of another dataset may be test images of this dataset.
    dataset.require(challenger.facts["dataset_digest"])

    if champion and champion.version > challenger.version:
        raise NotComparableError(
            f"Version {challenger.version} is older than the champion, version {champion.version}. "
            "Train it again with `scones train --again` to compare it again."
        )
    if champion and tuple(champion.facts["labels"]) != dataset.labels:
        raise NotComparableError(
            f"The champion has the classes {shorten(champion.facts['labels'])}; the dataset "
            f"has {shorten(dataset.labels)}. Use a new --project for other classes, with `stage` "
            "and all later steps."
        )
    if challenger.unknown_ancestor:
        raise UnknownAncestorError(f"{challenger.unknown_ancestor}: {UnknownAncestorError.__doc__}")

    # Known test images would help only the champion, so the comparison stays safe.
    if champion and champion.unknown_ancestor:
        context.console.print(
            f"The champion was trained from {champion.unknown_ancestor}, which is not registered. "
            "The champion may have learned from test images."
        )

    for package in filter(None, (challenger, champion)):
        package.require_model(context.aws.s3)


def _fair_images(
    context: Context, dataset: Dataset, packages: Sequence[Package]
) -> Sequence[StagedImage]:
    """Return the test images that trained or tuned neither model nor an earlier model of theirs.

    A test image of this dataset may be a training image of the champion's dataset, for example.
    """
    images = HeldOutImages(dataset, context.aws.s3)
    known = set[str]().union(*(package.learned(context.aws.s3) for package in packages))
    fair = images.without(known)
    if not fair:
        raise NoFairImagesError

    if len(fair) < len(images.images):
        left_out = f"{len(images.images) - len(fair)} of {len(images.images)} test images"
        context.console.print(
            f"{left_out} are left out: the challenger or the champion has learned from them."
        )
    return fair
