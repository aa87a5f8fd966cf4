"""Judge a challenger by its comparison with the champion."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.dataset.answer import Answer
from training.models.registry import Package
from training.statistics.paired_accuracy import LEVEL, Comparison


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger is promoted, the reason, and the comparison if one was made."""

    promoted: bool
    reason: str
    comparison: Comparison | None = None
    accuracies: tuple[float, float] | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the verdict for run.json and --json."""
        data: dict[str, Any] = {"promoted": self.promoted, "reason": self.reason}
        if self.comparison and self.accuracies:
            data |= {
                "images": self.comparison.images,
                "challenger_accuracy": self.accuracies[0],
                "champion_accuracy": self.accuracies[1],
                "only_challenger_right": self.comparison.only_challenger,
                "only_champion_right": self.comparison.only_champion,
                "only_challenger_right_needed": self.comparison.needed,
                "difference": self.comparison.difference,
                "difference_interval": list(self.comparison.interval),
                "p_value": self.comparison.p_value,
                "level": LEVEL,
                "images_needed": self.comparison.images_needed,
            }
        return data


def same_model(challenger: Package, champion: Package) -> Verdict:
    """Refuse a challenger that is an exact duplicate of the champion."""
    return Verdict(
        False,
        f"Version {challenger.version} and version {champion.version}, the champion, are the same "
        "model.",
    )


def judge(
    challenger: Sequence[Answer], champion: Sequence[Answer] | None, names: tuple[str, str]
) -> Verdict:
    """Judge by the answers of both models to the same images.

    A first model has no champion. It must beat the rule "always the most frequent class" instead.

    Args:
        challenger: Answers of the challenger.
        champion: Answers of the champion in the same order, None without a champion.
        names: Names of challenger and champion for the reason.
    """
    right = [answer.prediction == answer.label for answer in challenger]
    if champion is None:
        [(most_frequent, _)] = Counter(answer.label for answer in challenger).most_common(1)
        against = [answer.label == most_frequent for answer in challenger]
    else:
        against = [answer.prediction == answer.label for answer in champion]

    comparison = Comparison.of(right, against)
    accuracies = (sum(right) / len(right), sum(against) / len(against))
    return Verdict(
        comparison.is_better, _reason(comparison, accuracies, names), comparison, accuracies
    )


def _reason(comparison: Comparison, accuracies: tuple[float, float], names: tuple[str, str]) -> str:
    low, high = (100 * end for end in comparison.interval)
    result = "better" if comparison.is_better else "not shown to be better"
    reason = (
        f"{names[0]} is {result} than {names[1]} on {comparison.images:,} test images: "
        f"{accuracies[0]:.2%} right against {accuracies[1]:.2%} (difference "
        f"{100 * comparison.difference:+.2f} points, 95 % interval {low:+.2f} to {high:+.2f}). "
        f"Only {names[0]} is right on {comparison.only_challenger} images, only {names[1]} on "
        f"{comparison.only_champion}. p = {comparison.p_value:.2g}, and a promotion needs at most "
        f"{LEVEL} (exact McNemar test, one-sided)."
    )
    if comparison.is_better:
        return reason

    lacking = comparison.needed - comparison.only_challenger
    reason += (
        f" It would have to be the only one right on {comparison.needed} images, {lacking} more, "
        f"which are {100 * lacking / comparison.images:.2f} points of accuracy."
    )
    if comparison.images_needed:
        reason += (
            f" About {comparison.images_needed:,} test images would show the present difference."
        )
    return reason
