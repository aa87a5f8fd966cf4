"""Follow a tuning job to its end, and show its candidates."""

import math
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.polling import poll
from training.jobs.follow import JobVanishedError
from training.jobs.tuning_jobs import TuningJobs
from untrusted.console import Console, progress

_ENDED = {"Completed", "Failed", "Stopped", "DeleteFailed"}
_SHOWN = 5  # candidates


def follow_tuning(
    tuning_jobs: TuningJobs, name: str, most: int, console: Console
) -> Mapping[str, Any]:
    """Wait for the end of a tuning job of at most `most` training jobs.

    Raises:
        JobVanishedError: The job does not exist.
    """
    job: Mapping[str, Any] = {}
    with progress(console) as bars:
        bar = bars.add_task("training jobs", total=most, note="")
        for _ in poll(math.inf):  # the limits of the training jobs end it
            found = tuning_jobs.describe(name)
            if found is None:
                raise JobVanishedError(f"{name}: {JobVanishedError.__doc__}")
            job = found
            bars.update(bar, completed=_ended(job), note=_note(job))
            if job["HyperParameterTuningJobStatus"] in _ENDED:
                break
    return job


def show_candidates(candidates: list[dict[str, Any]], console: Console) -> None:
    """Show the best training jobs of a tuning job, with their tuned hyperparameters."""
    tuned = sorted({name for one in candidates for name in one["hyperparameters"]})
    table = Table("validation accuracy", *tuned, "", box=None)
    for one in candidates[:_SHOWN]:
        accuracy = "" if one["objective"] is None else f"{one['objective']:.4f}"
        early = "stopped early" if one["status"] == "Stopped" else ""
        table.add_row(accuracy, *(_short(one["hyperparameters"][name]) for name in tuned), early)
    console.print(table)


def _short(text: str) -> str:
    """Round a number to three digits, and return other values unchanged."""
    try:
        return f"{float(text):.3g}"
    except ValueError:
        return text


def _ended(job: Mapping[str, Any]) -> int:
    counts = job["TrainingJobStatusCounters"]
    return sum(counts.get(status, 0) for status in ("Completed", "Stopped", "NonRetryableError"))


def _note(job: Mapping[str, Any]) -> str:
    best = job.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    return f"best {best['Value']:.4f}" if best else str(job["HyperParameterTuningJobStatus"])
