"""Explain why a guarantee has no threshold, and what helps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.statistics.label_conflict import LabelConflict
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee


@dataclass(frozen=True)
class Refusal:
    """Predictions that a guarantee has and needs, and the advice to get it.

    `needs` is None if more images do not help, or if their number cannot be estimated.
    """

    has: int
    needs: int | None
    advice: str

    @property
    def row(self) -> dict[str, Any]:
        """Return the refusal for run.json and --json."""
        return {"threshold": None, **asdict(self)}


def refuse(
    candidates: Candidates, guarantee: PrecisionGuarantee, conflict: LabelConflict | None = None
) -> Refusal:
    """Explain why no candidate passes. Labels that conflict with predictions come first."""
    has = int(candidates.accepted[-1]) if len(candidates.accepted) else 0
    if not has:
        return Refusal(has, guarantee.fewest, "label more images")

    excluded = candidates.excludes(guarantee)
    growth = None if excluded else candidates.growth_needed(guarantee)
    needs = None if growth is None else max(has + 1, round(has * growth))
    if conflict:
        return Refusal(has, needs, f"look again at {len(conflict.differing):,} labels")
    if excluded:
        return Refusal(has, None, "train a better model, or lower --precision")
    if needs is None:
        return Refusal(has, None, "label more images, or lower --precision")
    return Refusal(has, needs, "label more images")


def refusal_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Format refusals by class as a table with one class a line."""
    width = max(len("class"), *(len(name) for name in rows))
    lines = [f"{'class':{width}}  {'has':>7}  {'needs':>9}  what to do"]
    for name, row in rows.items():
        needs = "unknown" if row["needs"] is None else f"~{row['needs']:,}"
        lines.append(f"{name:{width}}  {row['has']:>7,}  {needs:>9}  {row['advice']}")
    return "\n".join(lines)
