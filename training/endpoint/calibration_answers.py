"""The temperature and the answers that a threshold is chosen by: the calibration images through the endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.dataset.answer import Answer
from training.dataset.dataset import CALIBRATION, Dataset
from training.endpoint.answers import AnswerFile, ask
from training.models.served_model import ServedModel
from training.project.step import Context
from training.statistics.calibration import fit_temperature, with_temperature
from training.statistics.metrics import expected_calibration_error


def calibration_answers(
    context: Context, dataset: Dataset, served: ServedModel, workers: int, again: bool = False
) -> Sequence[Answer]:
    """The endpoint's answers to the calibration images, in the order of their keys; only what is missing is asked.

    None if the dataset is of before there were calibration images.

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


def calibrated(card: Mapping[str, Any], answers: Sequence[Answer]) -> dict[str, Any]:
    """A model card with the temperature that all calibration images give, which `deploy` took from some of them.

    Without answers it is as it was. It is not written: that is for whoever knows what becomes of its threshold, which
    was chosen at the temperature of before.
    """
    if not answers:
        return dict(card)
    probabilities = np.array([answer.probabilities for answer in answers])
    labels = np.array([answer.label for answer in answers])
    temperature = fit_temperature(probabilities, labels)
    if is_temperature_of(card, temperature):
        temperature = card["temperature"]
    error = {
        "before": expected_calibration_error(probabilities, labels),
        "after": expected_calibration_error(with_temperature(probabilities, temperature), labels),
    }
    told = {"calibration": {"images": len(answers), "expected_calibration_error": error}}
    return {**card, **told, "temperature": temperature}


def is_temperature_of(card: Mapping[str, Any], temperature: float) -> bool:
    """Whether a temperature is that of the model card, but for what another order of the same sums makes of it."""
    return bool(np.isclose(temperature, card["temperature"], rtol=1e-6, atol=0))
