"""Compare an evaluated model with the model that was evaluated before it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.aws import Aws
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset
from training.endpoint.comparison import stored_answers
from training.project.naming import Names
from training.service.evaluation_history import EvaluationHistory, PastEvaluation
from training.service.volume import images_a_month
from training.statistics.agreement import agreement
from training.statistics.label_value import LabelValue, is_growth, label_value
from training.statistics.model_change import Decisions, ModelChange, compare, decide


@dataclass(frozen=True)
class Progress:
    """The earlier and the present evaluation, their difference, and the value of the labels."""

    before: PastEvaluation
    after: PastEvaluation
    change: ModelChange
    value: LabelValue | None

    def as_data(self) -> dict[str, Any]:
        """Return the comparison as JSON reads it back."""
        data = {
            **{
                name: {
                    "model": one.model_digest,
                    "measured_at": one.measured_at,
                    "labels": one.labels,
                    "guaranteed_precision": one.guaranteed_precision,
                }
                for name, one in (("before", self.before), ("after", self.after))
            },
            **self.change.as_data(),
            "value": self.value and self.value.as_data(),
        }
        plain: dict[str, Any] = json.loads(json.dumps(data))
        return plain


def note_progress(
    aws: Aws,
    names: Names,
    dataset: Dataset,
    card: Mapping[str, Any],
    answers: Sequence[Answer],
    measured_at: str,
    folder: Path,
) -> dict[str, Any] | None:
    """Add an evaluation to the service's history, and compare it with the earlier model.

    Args:
        aws: Clients for S3 and CloudWatch.
        names: The names of the service.
        dataset: The dataset of the test images.
        card: The model card.
        answers: The answers of the model to the test images.
        measured_at: Time of the measurement, UTC, ISO 8601.
        folder: The run's folder. It may hold answers of a comparison by `promote`.

    Returns:
        The comparison, None for the first model and for one without common test images.
    """
    labels = sum(map(dataset.size, dataset.counts))
    after = PastEvaluation.of(card, measured_at, labels, decide(answers, card))
    history = EvaluationHistory(aws.s3, dataset.bucket, names.service)
    earlier = history.earlier(after.model_digest)
    history.add(earlier, after)
    if not earlier:
        return None

    before = earlier[-1]
    classes = {answer.image.digest: dataset.labels[answer.label] for answer in answers}
    known = _decisions(before, dataset, folder)
    change = compare(known, after.decisions, classes, card.get("other_class"))
    if change is None:
        return None
    kappa = _kappa(earlier[-2], before) if len(earlier) > 1 else None
    volume = images_a_month(aws.cloudwatch, names.service)
    value = label_value(change, before.labels, labels - before.labels, kappa, volume)
    return Progress(before, after, change, value).as_data()


def _decisions(before: PastEvaluation, dataset: Dataset, folder: Path) -> Decisions:
    """Return the decisions of an earlier model, also about images that only `promote` asked."""
    answers = stored_answers(folder, before.model_digest, dataset.digest)
    return {**decide(answers, before.card), **before.decisions}


def _kappa(one: PastEvaluation, other: PastEvaluation) -> float | None:
    """Return the kappa of two successive models, None if it says nothing about more labels."""
    if not is_growth(one.labels, other.labels - one.labels):
        return None
    common = sorted(one.decisions.keys() & other.decisions.keys())
    pairs = [(one.decisions[at].prediction, other.decisions[at].prediction) for at in common]
    return agreement(pairs).kappa if pairs else None
