"""Show the result of `threshold` on the terminal."""

from typing import Any

from cli.names import rows_of
from training.statistics.acceptance import show_threshold
from training.statistics.refusal import refusal_table
from untrusted.console import Console


def show(console: Console, result: dict[str, Any]) -> None:
    """Show the thresholds, the precision guarantee, and the coverage of the calibration images."""
    thresholds = result["class_thresholds"] or {}
    chosen, others = rows_of([name for name, one in thresholds.items() if one], "classes")
    for name in chosen:
        console.print(f"{name}: {show_threshold(thresholds[name])}")
    if others:
        console.print(f"{others} have thresholds of their own")

    refused, others = rows_of([name for name, one in thresholds.items() if one is None], "classes")
    if refused:
        console.print(
            "Always for review, because too few calibration images are predicted as these classes "
            f"and right:\n{refusal_table({name: result['classes'][name] for name in refused})}"
        )
    if others:
        console.print(others)

    common = f"Threshold {show_threshold(result['recommended_threshold'])}"
    written = "Thresholds by class" if thresholds else common
    console.print(f"{written}, written to the model card {result['model_card_parameter']}.")

    guarantee = result["precision_guarantee"]
    accepted = guarantee["at_threshold"]
    default = guarantee["at_default_threshold"]
    console.print(
        f"Precision guarantee: at least {guarantee['precision']:.4g} of the accepted images are "
        f"right, at a confidence level of {guarantee['confidence']:.4g}. "
        f"Of {guarantee['images']:,} calibration images {accepted['coverage']:.1%} are accepted, "
        f"and {accepted['accuracy']:.2%} of these are right (n = {accepted['n']:,}). "
        f"The default threshold {default['threshold']} would accept {default['coverage']:.1%}."
    )
