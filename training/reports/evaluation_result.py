"""Turn answers into metrics.json and report.html in the run's folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cli.page import Origin, link_pages
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset
from training.endpoint.invocation import read_images
from training.reports.evaluation_report import Mistake, render
from training.statistics.acceptance import Acceptance
from training.statistics.calibration import as_served
from training.statistics.metrics import evaluate, timing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MISTAKES = 24  # pictures in the report


@dataclass(frozen=True)
class Evaluation:
    """The measurements of one evaluation.

    Args:
        dataset: The dataset of the test images.
        card: The model card, with labels, temperature and thresholds.
        answers: The endpoint's answers to the test images.
        facts: The facts about the endpoint and its model in the report.
        last_attempt: The last attempt that sent requests: number of images and seconds.
        ood: The number of accepted out-of-distribution images; None without --ood.
    """

    dataset: Dataset
    card: Mapping[str, Any]
    answers: Sequence[Answer]
    facts: Mapping[str, Any]
    last_attempt: Mapping[str, Any]
    ood: Mapping[str, Any] | None = None


def write_result(
    evaluation: Evaluation,
    s3: "S3Client",
    folder: Path,
    change: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write metrics.json and report.html into the run's folder, and return the step's result.

    Args:
        evaluation: The measurements.
        s3: Reads the pictures of the worst mistakes.
        folder: The run's folder.
        change: The comparison with the model that was evaluated before, None for the first model.
    """
    dataset, card, last_attempt = evaluation.dataset, evaluation.card, evaluation.last_attempt
    # Sorted by key, so that the same answers give the same report.
    ordered = sorted(evaluation.answers, key=lambda answer: answer.image.key)
    probabilities = np.array([answer.probabilities for answer in ordered])
    labels = np.array([answer.label for answer in ordered])
    milliseconds = np.array([answer.milliseconds for answer in ordered])
    temperature = card["temperature"]
    acceptance = Acceptance.of_card(card)

    metrics = evaluate(probabilities, labels, dataset.labels, temperature, acceptance)
    own = {
        name: card.get(name) for name in ("other_class", "precision_guarantee", "class_thresholds")
    }
    metrics |= own | {"ood": evaluation.ood, "change": change}
    metrics |= timing(milliseconds, last_attempt["images"], last_attempt["seconds"])
    confidences = as_served(probabilities, temperature).max(axis=1)
    mistakes = _worst_mistakes(s3, dataset, ordered, confidences)

    metrics_file = folder / "metrics.json"
    report = folder / "report.html"
    metrics_file.write_text(
        json.dumps({**evaluation.facts, **metrics}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    report.write_text(
        render(
            Origin.of_endpoint(s3.meta.endpoint_url, s3.meta.region_name),
            evaluation.facts,
            metrics,
            acceptance,
            probabilities,
            labels,
            milliseconds,
            mistakes,
        ),
        encoding="utf-8",
    )
    link_pages({"Evaluation": report, "Drift": folder / "drift.html"})
    return {"metrics": metrics, "metrics_file": str(metrics_file), "report": str(report)}


def _worst_mistakes(
    s3: "S3Client", dataset: Dataset, answers: Sequence[Answer], confidences: NDArray[np.floating]
) -> list[Mistake]:
    """Return the wrong predictions with the highest confidence, with their images."""
    wrong = [
        (a, float(c)) for a, c in zip(answers, confidences, strict=True) if a.prediction != a.label
    ]
    worst = sorted(wrong, key=lambda mistake: -mistake[1])[:MISTAKES]
    read = read_images(s3, dataset.bucket, [answer.image for answer, _ in worst], workers=8)
    pictures = {image: image.data for image in read}
    names = dataset.labels
    return [
        Mistake(a.image.key, names[a.label], names[a.prediction], confidence, pictures[a.image])
        for a, confidence in worst
    ]
