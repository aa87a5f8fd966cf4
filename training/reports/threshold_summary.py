"""What the terminal shows of a threshold that was chosen."""

from typing import Any

from training.statistics.acceptance import show_threshold
from untrusted.console import Console


def show(console: Console, result: dict[str, Any]) -> None:
    """Each class's own threshold, or why it has none; and what is promised, at which coverage."""
    own, promise = result["class_thresholds"] or {}, result["promise"]
    for name, threshold in own.items():
        told = (
            "always for review. " + result["classes"][name]
            if threshold is None
            else show_threshold(threshold)
        )
        console.print(f"{name}: {told}")
    which = (
        "Thresholds of the classes"
        if own
        else f"Threshold {show_threshold(result['recommended_threshold'])}"
    )
    console.print(f"{which}, in the model card {result['model_card_parameter']}.")
    at, guess = promise["at_threshold"], promise["at_guess"]
    console.print(
        f"The promise: {promise['precision']:.4g} of what is accepted is right (confidence "
        f"{promise['confidence']:.4g}). Of {promise['images']:,} calibration images {at['coverage']:.1%} are accepted; "
        f"{at['accuracy']:.2%} of those are right (n = {at['n']:,}). At {guess['threshold']}, the guess, it would be "
        f"{guess['coverage']:.1%}."
    )
