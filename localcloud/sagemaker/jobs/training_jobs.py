"""Serve the control plane of training jobs."""

import asyncio
from pathlib import Path

from localcloud.api.control_plane import Operation
from localcloud.api.protocol import InvalidRequestError, ResourceInUseError
from localcloud.sagemaker.algorithms import Algorithms
from localcloud.sagemaker.api.paging import list_page
from localcloud.sagemaker.api.store import TRAINING_JOB, Record, RecordStore
from localcloud.sagemaker.execution_role import RoleRefusedError, lend_volume_key
from localcloud.sagemaker.jobs.progress import ENDED, entered
from localcloud.sagemaker.jobs.requests import training_job
from localcloud.sagemaker.jobs.run import JobServices, TrainingRun


class TrainingJobs:
    """The training jobs of one region, each with its own task."""

    def __init__(
        self, store: RecordStore, region: str, folder: Path, services: JobServices
    ) -> None:
        self._store = store
        self._region = region
        self._folder = folder
        self._services = services
        self._runs: dict[str, TrainingRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.operations: dict[str, Operation] = {
            "CreateTrainingJob": self.create,
            "DescribeTrainingJob": lambda request: self.get(request["TrainingJobName"]),
            "StopTrainingJob": self._stop,
            "DeleteTrainingJob": self._delete,
            "ListTrainingJobs": lambda request: list_page(
                TRAINING_JOB, store.all(TRAINING_JOB), request
            ),
        }

    @property
    def algorithms(self) -> Algorithms:
        """Return the algorithms that train in place of images."""
        return self._services.algorithms

    def resume(self) -> None:
        """Resume the jobs of an earlier process, in the order of their creation."""
        for job in sorted(self._store.all(TRAINING_JOB), key=lambda job: job["CreationTime"]):
            if job["TrainingJobStatus"] == "Stopping":
                self._store.save(TRAINING_JOB, entered(job, "Stopped"))
            elif job["TrainingJobStatus"] not in ENDED:
                if job["SecondaryStatus"] != "Starting":
                    lost = "Interrupted" if job["EnableManagedSpotTraining"] else "Restarting"
                    self._store.save(TRAINING_JOB, entered(entered(job, lost), "Starting"))
                self._start(job["TrainingJobName"])

    def create(self, request: Record, tuning: Record | None = None) -> Record:
        """Add a training job and start it.

        Args:
            request: of CreateTrainingJob.
            tuning: the members that a tuning job adds to its training jobs.

        Raises:
            NotEmulatedError: a member is not emulated.
            InvalidRequestError: AWS refuses the request too.
            ResourceInUseError: the name is taken.
        """
        job = training_job(request, self.algorithms)
        arn = self._store.arn(TRAINING_JOB, request["TrainingJobName"])
        if any(arn == other["TrainingJobArn"] for other in self._store.all(TRAINING_JOB)):
            raise ResourceInUseError(
                "Training job names must be unique within an AWS account and region, and a "
                f"training job with this name already exists ({arn})"
            )

        self.require_role(job, arn)
        created = self._store.create(
            TRAINING_JOB,
            entered({**job, **(tuning or {}), "TrainingJobStatus": "InProgress"}, "Starting"),
        )
        self._start(created["TrainingJobName"])

        return created

    def require_role(self, job: Record, arn: str) -> None:
        """Assume the role of a job of this ARN, and lend the key of its volume, if it has one.

        Raises:
            InvalidRequestError: SageMaker may not.
        """
        key = job["ResourceConfig"].get("VolumeKmsKeyId")
        role = self._services.role(job["RoleArn"], arn)
        try:
            role.assume()
            if key:
                lend_volume_key(role, key)
        except RoleRefusedError as exc:
            raise InvalidRequestError(str(exc)) from exc

    def get(self, name: str) -> Record:
        """Return the training job of this name.

        Raises:
            InvalidRequestError: the training job is missing.
        """
        job = self._store.find(TRAINING_JOB, name)
        if job is None:
            raise InvalidRequestError("Requested resource not found.")
        return job

    def stop(self, name: str) -> None:
        """Stop a running job; it is `Stopping` until its end."""
        job = self.get(name)
        if job["TrainingJobStatus"] == "InProgress":
            self._store.save(TRAINING_JOB, entered(job, "Stopping"))
            self._runs[name].stop()

    async def ended(self, *names: str) -> None:
        """Wait until one of these jobs has ended."""
        if tasks := [self._tasks[name] for name in names if name in self._tasks]:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def wait_for_news(self, *names: str) -> None:
        """Wait until one of these jobs has ended or has new metrics."""
        runs = [self._runs[name] for name in names if name in self._runs]
        news = [asyncio.create_task(run.new_metrics.wait()) for run in runs]
        try:
            if tasks := [self._tasks[name] for name in names if name in self._tasks]:
                await asyncio.wait([*tasks, *news], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in news:
                task.cancel()

        for run in runs:
            run.new_metrics.clear()

    def history(self, name: str, metric: str) -> list[float]:
        """Return all values of a job's metric; values of an earlier process count after the job's
        end.
        """
        if run := self._runs.get(name):
            return run.history(metric)
        values: list[float] = self.get(name).get("MetricHistory", {}).get(metric, [])
        return values

    async def aclose(self) -> None:
        """End every process of a job; `resume` continues the jobs in a later process."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self, request: Record) -> Record:
        status = self.get(request["TrainingJobName"])["TrainingJobStatus"]
        if status != "InProgress":
            raise InvalidRequestError(
                f"The request was rejected because the training job is in status {status}."
            )

        self.stop(request["TrainingJobName"])
        return {}

    def _delete(self, request: Record) -> Record:
        job = self.get(request["TrainingJobName"])
        if job["TrainingJobStatus"] not in ENDED:
            raise ResourceInUseError(
                f"The training job {job['TrainingJobArn']} is in status "
                f"{job['TrainingJobStatus']}. Delete it after its end."
            )

        self._store.delete(TRAINING_JOB, job["TrainingJobName"])
        return {}

    def _start(self, name: str) -> None:
        self._runs[name] = TrainingRun(
            name, self._region, self._store, self._folder / name, self._services
        )
        self._tasks[name] = asyncio.create_task(self._runs[name].run())
        self._tasks[name].add_done_callback(lambda _: (self._runs.pop(name), self._tasks.pop(name)))
