"""Share the requests between two models by weight, and compare their records."""

import argparse
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

from cli.arguments import add_timeout_argument
from training.dataset.dataset import Dataset
from training.endpoint.answers import Classifier
from training.endpoint.changes import Endpoint
from training.endpoint.errors import VariantTakenError
from training.endpoint.request import VARIANT
from training.endpoint.second_variant import add
from training.endpoint.smoke_testing import WORKERS, calibrate, read_smoke_test_images, smoke_test
from training.models.containers import algorithm_of
from training.models.deployed_card import deployed_model_card
from training.models.model_card import (
    ModelArchive,
    inspect_archive,
    read_model_card,
    write_model_card,
)
from training.models.trained_model import TrainedModel
from training.project.errors import TrainingError
from training.service.ab_results import Result, read_records, summarise, verdict
from training.steps.context import Context

HELP = "share requests between two models by weight, and compare their results"
TIMEOUT = "30m"  # as for `deploy`


class WeightsError(TrainingError):
    """Give the weights of AllTraffic and of one other variant: --weights AllTraffic=90,b=10."""


class NoTestError(TrainingError):
    """Add the run's model with `scones ab --weights AllTraffic=90,b=10`: no A/B test is active."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--weights",
        type=_weights,
        metavar="A=90,B=10",
        help="weight of each variant (default: only compare the results so far)",
    )
    add(
        "--model-data",
        metavar="URL",
        help="model.tar.gz of the new variant, of the same classes (default: the run's model)",
    )
    add(
        "--since",
        metavar="TIME",
        help="compare results from this time on, such as 2026-11-23T20:00:00Z "
        "(default: when the second variant was added)",
    )
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Set the weights of two variants, or compare their results so far.

    Raises:
        WeightsError: The weights do not name the two variants of the test.
        NoTestError: The endpoint serves one model.
        StepNotDoneError: The run has no dataset or no model.
        ServerlessEndpointError: The endpoint is serverless.
        VariantTakenError: The variant already serves another model.
        OtherDatasetError: The model was trained on another dataset.
        ModelMissingError: The model archive does not exist.
        BadModelArchiveError: The model archive is invalid.
        ModelChangedError: The model archive has changed.
        OtherAlgorithmError: The model archive is of the other algorithm.
        EndpointTakenError: The endpoint does not belong to the project.
        EndpointStuckError: The change takes longer than the timeout.
        EndpointFailedError: The endpoint failed.
        RolledBackError: SageMaker rolled back the change.
        SmokeTestError: The new model failed the smoke test; its weight stays 0.
        ServiceMissingError: The service has no results table.
    """
    if options.weights:
        return _share(context, options)

    card = read_model_card(context.aws.ssm, context.names.model_card) or {}
    tested = card.get("variants")
    if not tested:
        raise NoTestError

    since = options.since or min(card["created_at"] for card in tested.values())
    results = summarise(read_records(context.aws, context.names, since))
    verdicts = [verdict(a, b) for a, b in combinations(results, 2)]
    _show(context, since, results, verdicts)
    return {"since": since, "variants": [asdict(one) for one in results], "verdicts": verdicts}


def _share(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    endpoint = context.endpoint
    endpoint.check_ownership()
    weights: dict[str, float] = options.weights
    serving = {
        one["VariantName"] for one in endpoint.in_service(options.timeout)["ProductionVariants"]
    }
    if len(weights) != 2 or VARIANT not in weights or not serving <= weights.keys():
        raise WeightsError(
            f"The endpoint has the variants {', '.join(sorted(serving))}. {WeightsError.__doc__}"
        )

    [variant] = weights.keys() - {VARIANT}
    model = TrainedModel.of(context.run, options.model_data, None)
    archive = inspect_archive(context.aws.s3, model.model_data)
    archive.require(model.model_digest)
    archive.require_algorithm(algorithm_of(model.image))
    # The container of our algorithm gets the digest as a variable.
    model = replace(model, model_digest=archive.digest)
    card = read_model_card(context.aws.ssm, context.names.model_card) or {}
    tested = card.get("variants", {})
    if variant in tested and tested[variant]["model_digest"] != archive.digest:
        raise VariantTakenError

    context.run.begin("ab", variant=variant, model_data=model.model_data)
    if variant not in tested:
        _test_second(context, endpoint, model, archive, variant, options.timeout)
    endpoint.share(weights, options.timeout)
    result = {"endpoint": context.names.endpoint, "weights": weights}
    context.run.done("ab", result)
    shares = ", ".join(f"{name}={weight:g}" for name, weight in weights.items())
    context.console.print(
        f"The weights of the variants are {shares}. `scones ab` compares their results. "
        "`scones rollback` or `scones deploy` ends the test."
    )
    return result


def _test_second(
    context: Context,
    endpoint: Endpoint,
    model: TrainedModel,
    archive: ModelArchive,
    variant: str,
    timeout: float,
) -> None:
    """Add the variant with weight 0, test it, and write its model card before it gets requests."""
    names = context.names
    ssm = context.aws.ssm
    dataset = Dataset.of(context.run)
    dataset.require(model.data_digest)
    images = read_smoke_test_images(context.aws.s3, dataset)
    config = add(
        context.aws, endpoint, context.run.attempt("ab"), model, variant, timeout, shadow=False
    )

    classifier = Classifier(context.aws, endpoint.name, dataset, context.console, WORKERS, variant)
    smoke_test(classifier, images.known)
    calibration = calibrate(classifier, images.calibration)
    own = deployed_model_card(
        endpoint.name, dataset, model, archive, calibration.temperature, variant=variant
    )
    card = read_model_card(ssm, names.model_card) or {}
    variants = {**card.get("variants", {}), variant: own}
    write_model_card(
        ssm, names, {"variant": VARIANT} | card | {"endpoint_config": config, "variants": variants}
    )


def _show(
    context: Context, since: str, results: list[Result], verdicts: list[dict[str, Any]]
) -> None:
    say = context.console.print
    say(f"Records since {since}:")
    for one in results:
        say(
            f"  {one.variant}: {one.images:,} images, {one.accepted / one.images:.1%} accepted, "
            f"mean confidence {one.mean_confidence:.3f}, median {one.median_milliseconds:,.0f} ms"
        )
    for found in verdicts:
        say(found["sentence"])
    if verdicts:
        say(
            "A higher share of accepted images is better only if these images are right: "
            "`scones evaluate` and reviewed images show whether they are."
        )
    else:
        say("The results of two variants are needed; so far fewer than two have results.")


def _weights(text: str) -> dict[str, float]:
    try:
        weights = {
            name: float(weight) for name, weight in (one.split("=") for one in text.split(","))
        }
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not like a=90,b=10") from exc
    if (
        len(weights) != text.count("=")
        or min(weights.values()) < 0
        or not 0 < sum(weights.values()) < float("inf")
    ):
        raise argparse.ArgumentTypeError(
            f"{text!r}: name each variant once, with weights of at least 0 and one above 0"
        )
    return weights
