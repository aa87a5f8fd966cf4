"""Summarize the training jobs of a hyperparameter tuning job."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.jobs.progress import ENDED

# The sort keys of ListTrainingJobsForHyperParameterTuningJob; jobs without a value of the objective
# come first.
SORT_KEYS: Mapping[str, Callable[[Record], Any]] = {
    "Name": lambda job: job["TrainingJobName"],
    "CreationTime": lambda job: job["CreationTime"],
    "Status": lambda job: job["TrainingJobStatus"],
    "FinalObjectiveMetricValue": lambda job: job.get(_OBJECTIVE, {"Value": -math.inf})["Value"],
}
_OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"


def summaries(tuning: Record, jobs: Iterable[Record]) -> list[Record]:
    """Return the training jobs as HyperParameterTrainingJobSummary has them."""
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return [{**job, **_evaluated(job, objective)} for job in jobs]


def best(tuning: Record, jobs: Iterable[Record]) -> Record:
    """Return BestTrainingJob, if a job has its objective metric; the first one of equal jobs."""
    evaluated = [job for job in summaries(tuning, jobs) if job["ObjectiveStatus"] == "Succeeded"]
    if not evaluated:
        return {}

    evaluated.sort(key=lambda job: job["CreationTime"])
    maximize = evaluated[0][_OBJECTIVE]["Type"] == "Maximize"

    return {
        "BestTrainingJob": (max if maximize else min)(
            evaluated, key=SORT_KEYS["FinalObjectiveMetricValue"]
        )
    }


def counters(tuning: Record, jobs: Iterable[Record]) -> Record:
    """Return TrainingJobStatusCounters and ObjectiveStatusCounters."""
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"][
        "MetricName"
    ]
    statuses = Counter(job["TrainingJobStatus"] for job in jobs)
    objectives = Counter(_objective_status(job, objective) for job in jobs)
    return {
        "TrainingJobStatusCounters": {
            "Completed": statuses["Completed"],
            "InProgress": statuses["InProgress"] + statuses["Stopping"],
            "RetryableError": 0,
            "NonRetryableError": statuses["Failed"],
            "Stopped": statuses["Stopped"],
        },
        "ObjectiveStatusCounters": {
            name: objectives[name] for name in ("Succeeded", "Pending", "Failed")
        },
    }


def _evaluated(job: Record, objective: Mapping[str, str]) -> Record:
    status = _objective_status(job, objective["MetricName"])
    if status != "Succeeded":
        return {"ObjectiveStatus": status}

    return {
        "ObjectiveStatus": status,
        _OBJECTIVE: {**objective, "Value": _metrics(job)[objective["MetricName"]]},
    }


def _objective_status(job: Record, metric: str) -> str:
    if job["TrainingJobStatus"] not in ENDED:
        return "Pending"
    has_objective = job["TrainingJobStatus"] != "Failed" and metric in _metrics(job)
    return "Succeeded" if has_objective else "Failed"


def _metrics(job: Record) -> dict[str, float]:
    return {metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])}
