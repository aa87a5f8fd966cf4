"""`python -m training evaluate`: the held-out test images through the deployed endpoint, measured and reported."""

import argparse
from typing import Any

from account.arguments import whole
from training.dataset import Dataset, LabelledKey
from training.endpoint import Answer
from training.evaluate.answers import AnswerFile
from training.evaluate.errors import (
    AccuracyTooLowError,
    EndpointNotReadyError,
    ModelCardMissingError,
    OtherClassesError,
    UnknownVariantError,
)
from training.evaluate.measurement import find_test_images, measure
from training.inventory import find_endpoint
from training.model_card import read_model_card
from training.step import Context

HELP = "measure the deployed endpoint on the held-out test images; report.html and metrics.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.add_argument("--workers", type=whole(1, 1000), default=16, help="requests at once (%(default)s)")
    parser.add_argument(
        "--min-accuracy", type=_share, metavar="SHARE", help="fail if the accuracy is below this, such as 0.9"
    )
    parser.add_argument("--target-variant", metavar="VARIANT", help="ask this production variant, whatever its weight")
    parser.add_argument("--again", action="store_true", help="measure anew what has been measured")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step.

    Raises:
        EndpointNotReadyError, UnknownVariantError, ModelCardMissingError, OtherClassesError, OtherDatasetError,
            NoTestImagesError: there
            is nothing to measure.
        ImageMissingError, NoAnswerError: an image could not be measured; the answers so far are kept.
        AccuracyTooLowError: after everything is written.
    """
    from training.evaluate.result import write_result
    from training.evaluate.summary import show
    from training.monitor.reference import write_reference

    dataset = Dataset.of(context.run)
    configuration = _endpoint_configuration(context, options.target_variant)
    card = _model_card(context, dataset)
    images = find_test_images(context, dataset)
    subject = {
        "endpoint": context.names.endpoint,
        "endpoint_configuration": configuration,
        "target_variant": options.target_variant,
        "model": card["model_digest"],
        "dataset": dataset.digest,
    }
    answers, last_go = _ask(context, dataset, images, subject, options)
    facts = _facts(context, subject, card, answers, last_go)
    result = write_result(context, dataset, answers, card["temperature"], facts, last_go)
    result["reference"] = write_reference(context, dataset, card, answers)
    context.run.done("evaluate", result)
    show(context.console, result)
    _judge(result["metrics"], options.min_accuracy)
    return result


def _ask(
    context: Context,
    dataset: Dataset,
    images: list[LabelledKey],
    subject: dict[str, Any],
    options: argparse.Namespace,
) -> tuple[list[Answer], dict[str, Any]]:
    """Have an answer for every image. Returns them, and what is known of the last go that asked for any."""
    last_go = context.run.begin("evaluate", **subject).get("last_go")
    answers = AnswerFile(context.run.folder / "test_answers.jsonl", subject)
    answers.load()
    if options.again:
        answers.clear()
    answered = {answer.image for answer in answers.answers}
    missing = [image for image in images if image not in answered]
    if missing or last_go is None:
        last_go = measure(context, dataset, answers, missing, options.workers, options.target_variant)
    else:
        context.console.print(f"All {len(answered):,} test images have been answered; --again measures anew.")
    return answers.answers, last_go


def _endpoint_configuration(context: Context, variant: str | None) -> str:
    name = context.names.endpoint
    endpoint = find_endpoint(context)
    if endpoint is None:
        raise EndpointNotReadyError(f"There is no endpoint {name}. {EndpointNotReadyError.__doc__}")
    if endpoint["EndpointStatus"] != "InService":
        raise EndpointNotReadyError(
            f"The endpoint {name} is {endpoint['EndpointStatus']}. {EndpointNotReadyError.__doc__}"
        )
    variants = [one["VariantName"] for one in endpoint.get("ProductionVariants", [])]
    if variant and variant not in variants:
        raise UnknownVariantError(f"{variant!r} is none of {name}; it has {', '.join(variants)}.")
    return endpoint["EndpointConfigName"]


def _model_card(context: Context, dataset: Dataset) -> dict[str, Any]:
    name = context.names.model_card
    try:
        card = read_model_card(context)
    except ValueError as exc:
        raise ModelCardMissingError(f"{name} is no JSON: {exc}. {ModelCardMissingError.__doc__}") from exc
    if card is None:
        raise ModelCardMissingError(f"There is no {name}. {ModelCardMissingError.__doc__}")
    lacking = {"labels", "temperature", "model_digest"} - card.keys()
    if lacking:
        raise ModelCardMissingError(f"{name} has no {', '.join(sorted(lacking))}. {ModelCardMissingError.__doc__}")
    if tuple(card["labels"]) != dataset.labels:
        raise OtherClassesError(
            f"The model card says {', '.join(card['labels'])}; the dataset {', '.join(dataset.labels)}. "
            f"{OtherClassesError.__doc__}"
        )
    dataset.require(card.get("data_digest") or None)
    return card


def _facts(
    context: Context, subject: dict[str, Any], card: dict[str, Any], answers: list[Answer], last_go: dict[str, Any]
) -> dict[str, Any]:
    """What the report says of what was evaluated."""
    trained = context.run.find("train") or {}
    # The run may have been trained anew since, or the endpoint be another: then its hyperparameters are not these.
    same = trained.get("training_job") == card.get("training_job")
    return {
        "run": context.names.run,
        **subject,
        "variant": ", ".join(sorted({answer.variant for answer in answers})),
        "backbone": card.get("backbone"),
        "training_job": card.get("training_job"),
        "hyperparameters": trained.get("hyperparameters", {}) if same else {},
        "workers": last_go["workers"],
        "measured_at": last_go["measured_at"],
    }


def _judge(metrics: dict[str, Any], least: float | None) -> None:
    if least is not None and metrics["accuracy"] < least:
        low, high = metrics["accuracy_interval"]
        raise AccuracyTooLowError(
            f"The accuracy is {metrics['accuracy']:.4f} (95 %: {low:.4f} to {high:.4f}, n = {metrics['n']:,}), "
            f"and {least} was asked for."
        )


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 < number <= 1:
        return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a share: above 0, at most 1, such as 0.9")
