"""`python -m training threshold`: the lowest threshold that promises a precision, from the calibration images."""

import argparse
from typing import Any

from cli.arguments import share, whole
from training.dataset.dataset import Dataset
from training.models.served_model import ServedModel
from training.steps.context import Context

HELP = "choose the lowest confidence threshold that promises a precision, and put it into the model card"
CONFIDENCE = 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--precision",
        type=_below_one,
        required=True,
        metavar="SHARE",
        help="of what is accepted, this share is right",
    )
    add(
        "--confidence",
        type=_below_one,
        default=CONFIDENCE,
        metavar="SHARE",
        help="how sure that is to be, over the luck of which images calibrate (%(default)s)",
    )
    add(
        "--per-class",
        action="store_true",
        help="a threshold for each class, whose promises all hold together",
    )
    add(
        "--target-variant",
        metavar="VARIANT",
        help="of an A/B test, whose variants have a model card each",
    )
    add("--workers", type=whole(1, 1000), default=16, help="requests at once (%(default)s)")
    add("--again", action="store_true", help="ask the endpoint anew about what it has answered")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step.

    Raises:
        EndpointNotReadyError, UnknownVariantError, ModelCardMissingError, OtherClassesError, OtherDatasetError:
            there is nothing to judge.
        ImageMissingError, NoAnswerError: an image could not be judged; the answers so far are kept.
        NoThresholdError: the promise cannot be made; the model card stays as it is.
        ModelCardTooLargeError: it has no room for a threshold of each class.
    """
    from training.endpoint.answers import Classifier, calibration_answers
    from training.models.calibrated_card import calibrated
    from training.reports.threshold_summary import show
    from training.statistics.precision_guarantee import PrecisionGuarantee
    from training.statistics.thresholds import Sample, common_threshold, thresholds_by_class

    dataset, guarantee = (
        Dataset.of(context.run),
        PrecisionGuarantee(options.precision, options.confidence),
    )
    context.run.begin("threshold", precision=guarantee.precision, confidence=guarantee.confidence)
    served = ServedModel.of(context.aws, context.names, dataset, options.target_variant)
    classifier = Classifier(
        context.aws, served.endpoint, dataset, context.console, options.workers, served.variant
    )
    answers = calibration_answers(classifier, context.run.folder, served.subject, options.again)
    card = calibrated(served.card, answers)
    sample = Sample.of(answers, card, sum(map(dataset.size, dataset.counts)))
    chosen = (thresholds_by_class if options.per_class else common_threshold)(sample, guarantee)
    served.write_card(context.aws.ssm, context.names, card | chosen.members)
    result = {
        "model_card_parameter": context.names.model_card,
        **chosen.members,
        "classes": chosen.classes,
    }
    context.run.done("threshold", result)
    show(context.console, result)
    return result


def _below_one(text: str) -> float:
    number = share(text)
    if number == 1:
        raise argparse.ArgumentTypeError("1 can never be promised from a sample; 0.99 can")
    return number
