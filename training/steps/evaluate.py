"""Measure the deployed endpoint on the held-out test images, and write a report."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any

from cli.arguments import add_workers_argument, share
from training.dataset.answer import Answer
from training.dataset.dataset import TEST, Dataset, HeldOutImages
from training.endpoint.answers import AnswerFile, Classifier
from training.models.served_model import ServedModel
from training.project.errors import TrainingError
from training.steps.context import Context

if TYPE_CHECKING:
    from training.reports.evaluation_result import Evaluation

HELP = "measure the deployed endpoint on the held-out test images, and write a report"


class AccuracyTooLowError(TrainingError):
    """The accuracy on the test images is below --min-accuracy."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add_workers_argument(parser)
    add(
        "--min-accuracy",
        type=share,
        metavar="SHARE",
        help="fail if the accuracy is below this share, such as 0.9",
    )
    add(
        "--target-variant",
        metavar="VARIANT",
        help="measure this production variant (default: the endpoint chooses by weight)",
    )
    add(
        "--ood",
        metavar="DIR",
        help="source of out-of-distribution images: report how many would be accepted",
    )
    add("--again", action="store_true", help="ignore earlier answers and measure again")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Measure the endpoint, and write metrics.json and report.html.

    Raises:
        EndpointNotReadyError: The endpoint does not exist, or is not in service.
        UnknownVariantError: The endpoint does not have the variant.
        ModelCardMissingError: The endpoint has no model card.
        OtherClassesError: The endpoint serves other classes.
        OtherDatasetError: The model was trained on another dataset.
        NoTestImagesError: The dataset has no test images.
        SourceNotReadableError: The source of --ood is not readable.
        NoOodImagesError: The source of --ood has no images.
        ImageMissingError: An image is missing; the same command resumes after the stored answers.
        NoAnswerError: The endpoint did not answer; the same command resumes.
        AccuracyTooLowError: The accuracy is below --min-accuracy; all files are written.
    """
    from training.reports.evaluation_result import write_result
    from training.reports.evaluation_summary import show
    from training.service.reference import write_reference

    evaluation = measure(context, options)
    # Variants of an A/B test do not succeed each other.
    change = None if options.target_variant else note_change(context, evaluation)
    result = write_result(evaluation, context.aws.s3, context.run.folder, change)
    result["reference"] = write_reference(
        context.aws.s3, evaluation.dataset, evaluation.card, evaluation.answers
    )
    context.run.done("evaluate", result)
    show(context.console, result)
    _judge(result["metrics"], options.min_accuracy)
    return result


def measure(context: Context, options: argparse.Namespace) -> "Evaluation":
    """Calibrate the model card, and classify every test image. Raises as `run`."""
    from training.endpoint.answers import calibration_answers
    from training.endpoint.ood_images import classify_ood_images, open_ood_source
    from training.reports.evaluation_result import Evaluation

    dataset = Dataset.of(context.run)
    served = ServedModel.of(context.aws, context.names, dataset, options.target_variant)
    images = HeldOutImages(dataset, context.aws.s3)
    ood_source = open_ood_source(context.aws.s3, options.ood) if options.ood else None

    classifier = Classifier(
        context.aws, served.endpoint, dataset, context.console, options.workers, served.variant
    )
    answers = calibration_answers(classifier, context.run.folder, served.subject, options.again)
    card = _calibrate(context, served, answers)
    answers, last_attempt = _classify(context, classifier, images, served, options)
    ood = classify_ood_images(classifier, ood_source, card) if ood_source else None
    facts = _facts(context, served.subject, card, answers, last_attempt)
    return Evaluation(dataset, card, answers, facts, last_attempt, ood)


def note_change(context: Context, evaluation: "Evaluation") -> dict[str, Any] | None:
    """Compare the model with the one that was evaluated before it, and note it for the next one.

    Returns None for the first model.
    """
    from training.service.progress import note_progress

    return note_progress(
        context.aws,
        context.names,
        evaluation.dataset,
        evaluation.card,
        evaluation.answers,
        evaluation.facts["measured_at"],
        context.run.folder,
    )


def _calibrate(context: Context, served: ServedModel, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the model card with the temperature of all calibration images, and write it.

    A measurement must not remove a threshold from service. A card with a threshold therefore
    retains its temperature too.
    """
    from training.models.calibrated_card import calibrated

    if not answers:
        context.console.print(
            "The dataset has no calibration images, so the temperature stays the same. "
            "Stage it again with a calibration split."
        )
    card = calibrated(served.card, answers)
    if (
        served.card.get("recommended_threshold")
        and card["temperature"] != served.card["temperature"]
    ):
        context.console.print(
            f"The calibration images give a temperature of {card['temperature']:.3f}. The model "
            f"card's temperature {served.card['temperature']:.3f} stays, because the threshold was "
            "chosen with it: `scones threshold` chooses both again."
        )
        return served.card
    if card != served.card:
        served.write_card(context.aws.ssm, context.names, card)
    return card


def _classify(
    context: Context,
    classifier: Classifier,
    images: HeldOutImages,
    served: ServedModel,
    options: argparse.Namespace,
) -> tuple[Sequence[Answer], dict[str, Any]]:
    """Classify every image; return the answers and the record of the last attempt with requests.

    The attempt is recorded before and after its requests. A record without seconds belongs to an
    interrupted attempt.
    """
    last_attempt = context.run.begin("evaluate", **served.subject).get("last_attempt")
    file = AnswerFile.of_split(context.run.folder, TEST, served.subject)
    if options.again:
        file.clear()
    missing = file.missing(images.images)
    if last_attempt is not None and not missing:
        context.console.print(
            f"All {len(file.answers):,} test images have answers. Use --again to measure again."
        )
        return file.answers, last_attempt

    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    last_attempt = {
        "measured_at": measured_at,
        "images": len(missing),
        "seconds": None,
        "workers": options.workers,
    }
    context.run.note("evaluate", last_attempt=last_attempt)
    started = perf_counter()
    classifier.complete(file, missing, "Classify the test images")
    last_attempt |= {"seconds": perf_counter() - started}
    context.run.note("evaluate", last_attempt=last_attempt)
    return file.answers, last_attempt


def _facts(
    context: Context,
    subject: dict[str, Any],
    card: dict[str, Any],
    answers: Sequence[Answer],
    last_attempt: dict[str, Any],
) -> dict[str, Any]:
    """Return the facts about the evaluated model that the report shows."""
    trained = context.run.find("train") or {}
    # The run may have a newer model than the endpoint, with other hyperparameters.
    same = trained.get("training_job") == card.get("training_job")
    return {
        "run": context.names.run,
        **subject,
        "variant": ", ".join(sorted({answer.variant for answer in answers})),
        "backbone": card.get("backbone"),
        "training_job": card.get("training_job"),
        "hyperparameters": trained.get("hyperparameters", {}) if same else {},
        "workers": last_attempt["workers"],
        "measured_at": last_attempt["measured_at"],
    }


def _judge(metrics: dict[str, Any], least: float | None) -> None:
    if least is not None and metrics["accuracy"] < least:
        low, high = metrics["accuracy_interval"]
        raise AccuracyTooLowError(
            f"The accuracy is {metrics['accuracy']:.4f} (95 %: {low:.4f} to {high:.4f}, n = "
            f"{metrics['n']:,}), below --min-accuracy {least}."
        )
