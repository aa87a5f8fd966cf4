"""Choose the lowest threshold that meets a precision guarantee on the calibration images."""

import argparse
from typing import Any

from cli.arguments import add_workers_argument, share_below_one
from training.dataset.dataset import Dataset
from training.dataset.report import read_sources
from training.models.served_model import ServedModel
from training.steps.context import Context

HELP = "choose the lowest confidence threshold that meets a precision guarantee"
CONFIDENCE = 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--precision",
        type=share_below_one,
        required=True,
        metavar="SHARE",
        help="target precision: the share of accepted images whose class is right, such as 0.95",
    )
    add(
        "--confidence",
        type=share_below_one,
        default=CONFIDENCE,
        metavar="SHARE",
        help="confidence level of the guarantee (default: %(default)s)",
    )
    add(
        "--per-class",
        action="store_true",
        help="choose a threshold for each class; all guarantees hold together",
    )
    add(
        "--target-variant",
        metavar="VARIANT",
        help="variant of an A/B test; each variant has a model card",
    )
    add_workers_argument(parser)
    add("--again", action="store_true", help="ignore earlier answers and ask the endpoint again")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Classify the calibration images, choose the threshold, and write the model card.

    Raises:
        EndpointNotReadyError: The endpoint does not exist, or is not in service.
        UnknownVariantError: The endpoint does not have the variant.
        ModelCardMissingError: The endpoint has no model card.
        OtherClassesError: The endpoint serves other classes.
        OtherDatasetError: The model was trained on another dataset.
        ImageMissingError: An image is missing; the same command resumes after the stored answers.
        NoAnswerError: The endpoint did not answer; the same command resumes.
        NoThresholdError: No threshold meets the guarantee; the model card does not change.
        ModelCardTooLargeError: The model card has no room for a threshold of each class.
    """
    from training.endpoint.answers import Classifier, calibration_answers
    from training.models.calibrated_card import calibrated
    from training.reports.threshold_summary import show
    from training.statistics.precision_guarantee import PrecisionGuarantee
    from training.statistics.thresholds import Sample, common_threshold, thresholds_by_class

    dataset = Dataset.of(context.run)
    guarantee = PrecisionGuarantee(options.precision, options.confidence)
    context.run.begin("threshold", precision=guarantee.precision, confidence=guarantee.confidence)
    served = ServedModel.of(context.aws, context.names, dataset, options.target_variant)
    classifier = Classifier(
        context.aws, served.endpoint, dataset, context.console, options.workers, served.variant
    )
    answers = calibration_answers(classifier, context.run.folder, served.subject, options.again)
    card = calibrated(served.card, answers)

    labelled = sum(map(dataset.size, dataset.counts))
    sample = Sample.of(answers, card, labelled, read_sources(context.run.folder))
    choose = thresholds_by_class if options.per_class else common_threshold
    chosen = choose(sample, guarantee)
    served.write_card(context.aws.ssm, context.names, card | chosen.members)

    result = {
        "model_card_parameter": context.names.model_card,
        **chosen.members,
        "classes": chosen.classes,
    }
    context.run.done("threshold", result)
    show(context.console, result)
    return result
