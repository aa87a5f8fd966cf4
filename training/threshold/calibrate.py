"""The temperature and the answers that a threshold is chosen by: the calibration images through the endpoint."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.answers import AnswerFile, ask
from training.calibration import fit_temperature, with_temperature
from training.dataset import CALIBRATION, Dataset
from training.endpoint import Answer
from training.evaluate.metrics import expected_calibration_error
from training.served_model import ServedModel
from training.step import Context

# What a threshold was chosen at; with another temperature its members are those of a model that has not been judged.
NO_THRESHOLD: dict[str, Any] = {"recommended_threshold": None, "class_thresholds": None, "promise": None}


def calibration_answers(
    context: Context, dataset: Dataset, served: ServedModel, workers: int, again: bool = False
) -> Sequence[Answer]:
    """The endpoint's answers to the calibration images, in the order of their keys; only what is missing is asked.

    Raises:
        ImageMissingError, NoAnswerError: an image could not be read or classified; the answers so far are kept.
    """
    answers = AnswerFile.of_split(context, CALIBRATION, served.subject)
    if again:
        answers.clear()
    answered = {answer.image for answer in answers.answers}
    images = dataset.images(context.aws.s3, CALIBRATION) if dataset.size(CALIBRATION) else []
    missing = [image for image in images if image not in answered]
    if missing:
        ask(context, dataset, answers, missing, workers, served.variant)
    return sorted(answers.answers, key=lambda answer: answer.image.key)


def calibrate(
    context: Context, dataset: Dataset, served: ServedModel, workers: int, again: bool = False
) -> dict[str, Any]:
    """The model card with the temperature that all calibration images give, which `deploy` took from some of them.

    It is written. A dataset of before there were calibration images leaves it as it is.
    """
    answers = calibration_answers(context, dataset, served, workers, again)
    if not answers:
        context.console.print("The dataset has no calibration images: the temperature stays. Stage it again for some.")
        return served.card
    probabilities = np.array([answer.probabilities for answer in answers])
    labels = np.array([answer.label for answer in answers])
    temperature = fit_temperature(probabilities, labels)
    error = {
        "before": expected_calibration_error(probabilities, labels),
        "after": expected_calibration_error(with_temperature(probabilities, temperature), labels),
    }
    told = {"calibration": {"images": len(answers), "expected_calibration_error": error}}
    same = np.isclose(temperature, served.card["temperature"], rtol=1e-6, atol=0)
    card = served.card | told | {"temperature": temperature} | ({} if same else NO_THRESHOLD)
    if served.card.get("recommended_threshold") and not same:
        context.console.print("The threshold was chosen at another temperature: `python -m training threshold` again.")
    if card != served.card:
        served.write_card(context, card)
    return card
