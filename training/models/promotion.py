"""What a comparison means for the challenger, in numbers and in a sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.dataset.answer import Answer
from training.models.registry import Package
from training.statistics.paired_accuracy import LEVEL, Comparison


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger is promoted, and why or why not; the comparison is None where none was needed."""

    promoted: bool
    reason: str
    comparison: Comparison | None = None
    accuracies: tuple[float, float] | None = None

    def as_data(self) -> dict[str, Any]:
        """For run.json and --json."""
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
    """The verdict on a challenger that is the champion's copy."""
    return Verdict(
        False,
        f"Version {challenger.version} is the very model of version {champion.version}, the champion.",
    )


def judge(
    challenger: Sequence[Answer], champion: Sequence[Answer] | None, names: tuple[str, str]
) -> Verdict:
    """Judge by the answers to the same images.

    Without a champion it is the rule "always the most frequent class" that is to be beaten: a first model has to have
    learnt something.

    Args:
        challenger: Its answers.
        champion: Those of the champion, in the same order; None if there is none yet.
        names: What to call the two.
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
    told = (
        f"{names[0]} is {'' if comparison.is_better else 'not shown to be '}better than {names[1]} on "
        f"{comparison.images:,} test images: {accuracies[0]:.2%} right against {accuracies[1]:.2%} (difference "
        f"{100 * comparison.difference:+.2f} points, 95 %: {low:+.2f} to {high:+.2f}). It alone is right on "
        f"{comparison.only_challenger}, the other alone on {comparison.only_champion}; p = {comparison.p_value:.2g}, "
        f"at most {LEVEL} is asked for (exact McNemar test, one-sided)."
    )
    if comparison.is_better:
        return told
    lacking = comparison.needed - comparison.only_challenger
    told += (
        f" Against {comparison.only_champion} it would have to be alone right on {comparison.needed}: {lacking} more, "
        f"{100 * lacking / comparison.images:.2f} points of accuracy."
    )
    if comparison.images_needed:
        told += f" Or about {comparison.images_needed:,} test images, if they are all like these."
    return told
