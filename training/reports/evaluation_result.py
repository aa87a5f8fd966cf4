"""From answers to metrics.json and report.html in the run's folder."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset.answer import Answer
from training.dataset.dataset import Dataset
from training.endpoint.invocation import read_images
from training.project.step import Context
from training.reports.evaluation_report import Mistake, render
from training.statistics.acceptance import Acceptance
from training.statistics.calibration import as_served
from training.statistics.metrics import evaluate, timing

MISTAKES = 24  # pictures in the report


def write_result(
    context: Context,
    dataset: Dataset,
    answers: Sequence[Answer],
    card: Mapping[str, Any],
    facts: Mapping[str, Any],
    last_go: Mapping[str, Any],
    foreign: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write both files, and return the step's result."""
    # In the order of their keys, so that the same answers give the same report in whatever order they came.
    ordered = sorted(answers, key=lambda answer: answer.image.key)
    probabilities = np.array([answer.probabilities for answer in ordered])
    labels = np.array([answer.label for answer in ordered])
    milliseconds = np.array([answer.milliseconds for answer in ordered])
    temperature, acceptance = card["temperature"], Acceptance.of_card(card)
    metrics = evaluate(probabilities, labels, dataset.labels, temperature, acceptance)
    own = {name: card.get(name) for name in ("other_class", "promise", "class_thresholds")}
    metrics |= own | {"foreign": foreign}
    metrics |= timing(milliseconds, last_go["images"], last_go["seconds"])
    mistakes = _worst_mistakes(context, dataset, ordered, as_served(probabilities, temperature).max(axis=1))
    metrics_file, report = context.run.folder / "metrics.json", context.run.folder / "report.html"
    metrics_file.write_text(json.dumps({**facts, **metrics}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    report.write_text(
        render(facts, metrics, acceptance, probabilities, labels, milliseconds, mistakes), encoding="utf-8"
    )
    return {"metrics": metrics, "metrics_file": str(metrics_file), "report": str(report)}


def _worst_mistakes(
    context: Context, dataset: Dataset, answers: Sequence[Answer], confidences: NDArray[np.floating]
) -> list[Mistake]:
    """The wrong predictions that the model was most confident of, with their pictures."""
    wrong = [(a, float(c)) for a, c in zip(answers, confidences, strict=True) if a.prediction != a.label]
    worst = sorted(wrong, key=lambda mistake: -mistake[1])[:MISTAKES]
    pictures = dict(read_images(context.aws.s3, dataset.bucket, [answer.image for answer, _ in worst], workers=8))
    names = dataset.labels
    return [
        Mistake(a.image.key, names[a.label], names[a.prediction], confidence, pictures[a.image])
        for a, confidence in worst
    ]
