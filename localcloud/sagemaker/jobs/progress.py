"""Define the statuses of a training job, in AWS's order and words."""

from typing import Any

from localcloud.sagemaker.api.store import Record, timestamp

_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Stopping": "Stopping the training job",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job runtime exceeded MaxWaitTimeInSeconds provided",
    "Interrupted": "The local cloud ended while the training job ran",
    "Restarting": "The local cloud ended while the training job ran",
}
# The secondary statuses that end a job, with their status.
_FINAL = {
    "Completed": "Completed",
    "Failed": "Failed",
    "Stopped": "Stopped",
    "MaxRuntimeExceeded": "Stopped",
    "MaxWaitTimeExceeded": "Stopped",
}
ENDED = frozenset(_FINAL.values())


def entered(job: Record, status: str, **members: Any) -> Record:
    """Return a training job after it entered a secondary status, with these members changed."""
    now = timestamp()
    transitions = [dict(transition) for transition in job.get("SecondaryStatusTransitions", [])]
    if transitions:
        transitions[-1].setdefault("EndTime", now)
    transition = {"Status": status, "StartTime": now, "StatusMessage": _MESSAGES[status]}
    changed = {**job, **members, "SecondaryStatus": status, "LastModifiedTime": now}
    if status in _FINAL:
        transition["EndTime"] = now
        changed |= {"TrainingJobStatus": _FINAL[status], **_times(job, now)}
    elif status == "Stopping":
        changed["TrainingJobStatus"] = "Stopping"

    return changed | {"SecondaryStatusTransitions": [*transitions, transition]}


def _times(job: Record, now: float) -> Record:
    if "TrainingStartTime" not in job:
        return {"TrainingEndTime": now}

    # ^Spot instances are not cheaper here: the trained seconds are billed.
    seconds = max(1, round(now - job["TrainingStartTime"]))
    return {
        "TrainingEndTime": now,
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": seconds,
    }
