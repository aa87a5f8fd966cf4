"""Run hyperparameter tuning jobs: create their training jobs until all candidates are tried."""

import asyncio
from typing import Any
from uuid import uuid4

from localcloud.api.control_plane import Operation
from localcloud.api.pages import cut_page
from localcloud.api.protocol import (
    InvalidRequestError,
    ResourceInUseError,
    ResourceNotFoundError,
    ServiceError,
)
from localcloud.sagemaker.api.paging import list_page
from localcloud.sagemaker.api.store import TRAINING_JOB, TUNING_JOB, Record, RecordStore, timestamp
from localcloud.sagemaker.jobs.early_stopping import falls_behind
from localcloud.sagemaker.jobs.progress import ENDED
from localcloud.sagemaker.jobs.training_jobs import TrainingJobs
from localcloud.sagemaker.jobs.tuning_request import training_request, tuning_job
from localcloud.sagemaker.jobs.tuning_results import SORT_KEYS, best, counters, summaries

_ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures "
    "to get more details about the failures."
)


class TuningJobs:
    """The hyperparameter tuning jobs of one region, each with its own task."""

    def __init__(self, store: RecordStore, training: TrainingJobs) -> None:
        self._store = store
        self._training = training
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.operations: dict[str, Operation] = {
            "CreateHyperParameterTuningJob": self._create,
            "DescribeHyperParameterTuningJob": self._describe,
            "StopHyperParameterTuningJob": self._stop,
            "DeleteHyperParameterTuningJob": self._delete,
            "ListHyperParameterTuningJobs": self._list,
            "ListTrainingJobsForHyperParameterTuningJob": self._list_training_jobs,
        }

    def resume(self) -> None:
        """Resume the tuning jobs of an earlier process. Resume their training jobs first."""
        for tuning in self._store.all(TUNING_JOB):
            if tuning["HyperParameterTuningJobStatus"] not in ENDED:
                self._start(tuning["HyperParameterTuningJobName"])

    async def ended(self, name: str) -> None:
        """Wait until a tuning job has ended."""
        if name in self._tasks:
            await asyncio.wait([self._tasks[name]])

    async def aclose(self) -> None:
        """Stop creating training jobs; `resume` continues in a later process."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _create(self, request: Record) -> Record:
        tuning = tuning_job(request, self._training.algorithms)
        name = request["HyperParameterTuningJobName"]
        arn = self._store.arn(TUNING_JOB, name)
        if any(arn == other["HyperParameterTuningJobArn"] for other in self._store.all(TUNING_JOB)):
            raise ResourceInUseError(
                "Tuning job names must be unique within an AWS account and region, and a tuning "
                f"job with this name already exists ({arn})"
            )

        self._training.require_role(training_request(tuning, tuning["Candidates"][0], name), arn)
        self._store.create(
            TUNING_JOB, {**tuning, "HyperParameterTuningJobStatus": "InProgress", "Launched": 0}
        )
        self._start(name)

        return {"HyperParameterTuningJobArn": arn}

    def _describe(self, request: Record) -> Record:
        tuning = self._get(request)
        jobs = self._jobs(tuning)
        return {**tuning, **counters(tuning, jobs), **best(tuning, jobs)}

    def _stop(self, request: Record) -> Record:
        tuning = self._get(request)
        status = tuning["HyperParameterTuningJobStatus"]
        if status != "InProgress":
            raise InvalidRequestError(
                f"The request was rejected because the tuning job is in status {status}."
            )

        self._change(
            request["HyperParameterTuningJobName"], HyperParameterTuningJobStatus="Stopping"
        )
        for job in self._jobs(tuning):
            self._training.stop(job["TrainingJobName"])
        return {}

    def _delete(self, request: Record) -> Record:
        tuning = self._get(request)
        if tuning["HyperParameterTuningJobStatus"] not in ENDED:
            raise ResourceInUseError(
                f"The tuning job {tuning['HyperParameterTuningJobArn']} has not ended yet."
            )

        self._store.delete(TUNING_JOB, tuning["HyperParameterTuningJobName"])
        return {}

    def _list(self, request: Record) -> Record:
        described = [
            {
                **tuning,
                **tuning["HyperParameterTuningJobConfig"],
                **counters(tuning, self._jobs(tuning)),
            }
            for tuning in self._store.all(TUNING_JOB)
        ]
        return list_page(TUNING_JOB, described, request)

    def _list_training_jobs(self, request: Record) -> Record:
        tuning = self._get(request)
        found = [
            job
            for job in summaries(tuning, self._jobs(tuning))
            if request.get("StatusEquals") in (None, job["TrainingJobStatus"])
        ]
        found.sort(
            key=SORT_KEYS[request.get("SortBy", "Name")],
            reverse=request.get("SortOrder", "Ascending") == "Descending",
        )
        return cut_page(TRAINING_JOB.listed, found, request, 10)

    def _start(self, name: str) -> None:
        self._tasks[name] = asyncio.create_task(self._lead(name))
        self._tasks[name].add_done_callback(lambda _: self._tasks.pop(name))

    async def _lead(self, name: str) -> None:
        try:
            while running := self._launch(name):
                await self._training.wait_for_news(*running)
                self._stop_what_falls_behind(name)
        # The error that CreateTrainingJob would return.
        except ServiceError as exc:
            self._finish(name, "Failed", FailureReason=exc.message)
            return

        tuning = self._store.get(TUNING_JOB, name)
        if tuning["HyperParameterTuningJobStatus"] == "Stopping":
            self._finish(name, "Stopped")
        elif counters(tuning, self._jobs(tuning))["TrainingJobStatusCounters"]["Completed"]:
            self._finish(name, "Completed")
        else:
            self._finish(name, "Failed", FailureReason=_ALL_FAILED)

    def _launch(self, name: str) -> list[str]:
        """Create training jobs up to the limit of parallel jobs; return the names of all running
        ones.
        """
        tuning = self._store.get(TUNING_JOB, name)
        running = [
            job["TrainingJobName"]
            for job in self._jobs(tuning)
            if job["TrainingJobStatus"] not in ENDED
        ]
        if tuning["HyperParameterTuningJobStatus"] != "InProgress":
            return running

        launched = tuning["Launched"]
        more = tuning["HyperParameterTuningJobConfig"]["ResourceLimits"][
            "MaxParallelTrainingJobs"
        ] - len(running)
        for number, candidate in enumerate(
            tuning["Candidates"][launched : launched + more], launched
        ):
            job = f"{name}-{number + 1:03d}-{uuid4().hex[:8]}"
            noted = {
                "TuningJobArn": tuning["HyperParameterTuningJobArn"],
                "TunedHyperParameters": candidate,
            }
            self._training.create(training_request(tuning, candidate, job), noted)
            self._change(name, Launched=number + 1)
            running.append(job)

        return running

    def _stop_what_falls_behind(self, name: str) -> None:
        tuning = self._store.get(TUNING_JOB, name)
        config = tuning["HyperParameterTuningJobConfig"]
        if config["TrainingJobEarlyStoppingType"] == "Off":
            return

        objective = config["HyperParameterTuningJobObjective"]
        by_job = {
            job["TrainingJobName"]: (
                job,
                self._training.history(job["TrainingJobName"], objective["MetricName"]),
            )
            for job in self._jobs(tuning)
        }
        earlier = [
            values for job, values in by_job.values() if job["TrainingJobStatus"] == "Completed"
        ]
        for job_name, (job, values) in by_job.items():
            behind = falls_behind(values, earlier, maximize=objective["Type"] == "Maximize")
            if job["TrainingJobStatus"] == "InProgress" and behind:
                self._training.stop(job_name)

    def _jobs(self, tuning: Record) -> list[Record]:
        arn = tuning["HyperParameterTuningJobArn"]
        return [job for job in self._store.all(TRAINING_JOB) if job.get("TuningJobArn") == arn]

    def _finish(self, name: str, status: str, **members: Any) -> None:
        self._change(
            name,
            HyperParameterTuningJobStatus=status,
            HyperParameterTuningEndTime=timestamp(),
            **members,
        )

    def _change(self, name: str, **members: Any) -> None:
        tuning = self._store.get(TUNING_JOB, name)
        self._store.save(TUNING_JOB, {**tuning, **members, "LastModifiedTime": timestamp()})

    def _get(self, request: Record) -> Record:
        name = request["HyperParameterTuningJobName"]
        tuning = self._store.find(TUNING_JOB, name)
        if tuning is None:
            raise ResourceNotFoundError(
                f"Amazon SageMaker can't find a tuning job with name {name}."
            )

        return tuning
