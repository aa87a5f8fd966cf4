"""Share the requests between two models by weight, and compare their records."""

import argparse
from dataclasses import asdict
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
TIMEOUT = "30m"  # as of `deploy`


class WeightsError(TrainingError):
    """An A/B test is between the variant AllTraffic, which serves, and one more: --weights AllTraffic=90,b=10."""


class NoTestError(TrainingError):
    """The endpoint has one model: `ab --weights AllTraffic=90,b=10` puts that of this run beside it."""


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
    """Do the step.

    Raises:
        WeightsError, NoTestError, StepNotDoneError, ServerlessEndpointError: what is asked cannot
        be.
        VariantTakenError, OtherDatasetError, ModelMissingError, BadModelArchiveError,
        ModelChangedError: the second
            model cannot be that variant.
        EndpointTakenError, EndpointStuckError, EndpointFailedError, RolledBackError: the endpoint
        cannot be changed.
        SmokeTestError: the new model does not answer as it must; it stays without weight.
        ServiceMissingError: there are no records to compare by.
    """
    if options.weights:
        return _share(context, options)
    tested = (read_model_card(context.aws.ssm, context.names.model_card) or {}).get("variants")
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
    tested = (read_model_card(context.aws.ssm, context.names.model_card) or {}).get("variants", {})
    if variant in tested and tested[variant]["model_digest"] != archive.digest:
        raise VariantTakenError
    context.run.begin("ab", variant=variant, model_data=model.model_data)
    if variant not in tested:
        _test_second(context, endpoint, model, archive, variant, options.timeout)
    endpoint.share(weights, options.timeout)
    result = {"endpoint": context.names.endpoint, "weights": weights}
    context.run.done("ab", result)
    context.console.print(
        f"Requests are shared {', '.join(f'{name}={one:g}' for name, one in weights.items())}. "
        "`scones ab` compares; `rollback` or `deploy` ends it."
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
    """Add the variant without weight, ask it by name, and write its card before it answers anybody else."""
    dataset, names, ssm = Dataset.of(context.run), context.names, context.aws.ssm
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
    others = {**card.get("variants", {}), variant: own}
    write_model_card(
        ssm, names, {"variant": VARIANT} | card | {"endpoint_config": config, "variants": others}
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
            "To accept more is better only where what is accepted is right: `evaluate` and "
            "reviewed images tell that."
        )
    else:
        say("There are no two variants to compare yet.")


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
            f"{text!r}: each variant once, weights of at least 0, one above it"
        )
    return weights
