"""Store the decisions of the last evaluated models, so that the next evaluation can compare.

The history is a JSON file in the training bucket, for all runs of the service. An entry has the
decisions about the test images of one model, about 30 bytes an image.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.statistics.model_change import Decision, Decisions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEPT = 3  # models: the rule for the end of labelling compares two pairs of them
# The members of a model card that turn answers into decisions.
_CARD = ("labels", "temperature", "recommended_threshold", "class_thresholds", "other_class")
_GONE = ("NoSuchKey", "NoSuchBucket")


@dataclass(frozen=True)
class PastEvaluation:
    """An evaluation of an earlier model, or of the present one.

    Args:
        model_digest: The model.
        measured_at: Time of the measurement, UTC, ISO 8601.
        labels: Number of labelled images in the model's dataset, in all splits.
        card: The members of the model card that decide, and the precision guarantee.
        decisions: The decisions about the test images.
    """

    model_digest: str
    measured_at: str
    labels: int
    card: Mapping[str, Any]
    decisions: Decisions

    @classmethod
    def of(
        cls, card: Mapping[str, Any], measured_at: str, labels: int, decisions: Decisions
    ) -> Self:
        """Return the entry of an evaluation with a model card."""
        members = {name: card.get(name) for name in (*_CARD, "precision_guarantee")}
        return cls(card["model_digest"], measured_at, labels, members, decisions)

    @property
    def guaranteed_precision(self) -> float | None:
        """Return the precision that the thresholds guarantee, None without a guarantee."""
        guarantee = self.card.get("precision_guarantee")
        return guarantee["precision"] if guarantee else None

    def as_data(self) -> dict[str, Any]:
        """Return the entry as JSON data."""
        return {
            "model_digest": self.model_digest,
            "measured_at": self.measured_at,
            "labels": self.labels,
            "card": dict(self.card),
            "decisions": {
                digest: [one.prediction, one.accepted] for digest, one in self.decisions.items()
            },
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the entry that `as_data` serialized."""
        return cls(
            data["model_digest"],
            data["measured_at"],
            data["labels"],
            data["card"],
            {digest: Decision(*one) for digest, one in data["decisions"].items()},
        )


@dataclass(frozen=True)
class EvaluationHistory:
    """The history of a service's models in a bucket."""

    s3: "S3Client"
    bucket: str
    service: str

    @property
    def key(self) -> str:
        """The key of the history."""
        return f"evaluations/{self.service}.json"

    def earlier(self, model_digest: str) -> Sequence[PastEvaluation]:
        """Return the evaluations of other models, the newest last.

        A damaged history counts as empty: it must not prevent an evaluation.
        """
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()
        except ClientError as exc:
            if code_of(exc) not in _GONE:
                raise
            return []
        try:
            past = [PastEvaluation.of_data(entry) for entry in json.loads(found)]
        except (ValueError, KeyError, TypeError, AttributeError):
            return []
        return [one for one in past if one.model_digest != model_digest]

    def add(self, earlier: Sequence[PastEvaluation], present: PastEvaluation) -> None:
        """Write the history with the present evaluation as its newest entry."""
        entries = [one.as_data() for one in (*earlier, present)[-KEPT:]]
        body = json.dumps(entries, ensure_ascii=False).encode()
        self.s3.put_object(
            Bucket=self.bucket, Key=self.key, Body=body, ContentType="application/json"
        )
