"""Run one training job from its start to its end."""

import asyncio
import logging
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

from localcloud.sagemaker.algorithms import Algorithm, Algorithms
from localcloud.sagemaker.api.store import TRAINING_JOB, Record, RecordStore, timestamp
from localcloud.sagemaker.execution_role import RoleFactory, RoleObjectStore
from localcloud.sagemaker.jobs.channels import NoInputError, UnusableKeyError, download_channels
from localcloud.sagemaker.jobs.checkpoints import Checkpoints
from localcloud.sagemaker.jobs.container import TrainingContainer
from localcloud.sagemaker.jobs.folder import (
    LONGEST_REASON,
    failure_reason,
    upload_archives,
    write_configuration,
)
from localcloud.sagemaker.jobs.metrics import MetricScraper
from localcloud.sagemaker.jobs.progress import entered
from localcloud.sagemaker.jobs.telemetry import Telemetry
from localcloud.sagemaker.object_store import ObjectStore, ObjectUnavailableError
from localcloud.sagemaker.source_archives import (
    ARCHIVE,
    HYPERPARAMETER,
    ISOLATED,
    SourceUnreachableError,
    with_local_source,
)

_logger = logging.getLogger(__name__)
# The pause between two uploads of checkpoints: a crash of the local cloud loses at most this much.
_CHECKPOINT_SECONDS = 1.0


class AlgorithmFailedError(Exception):
    """The training algorithm ended with an error, and wrote its reason."""


@dataclass(frozen=True)
class JobServices:
    """The services that all training jobs share.

    Args:
        objects: S3, with all rights; a job uses it in its role.
        role: Finds the role of a job.
        algorithms: The algorithms that train in place of images.
        telemetry: Takes logs and metrics.
        slots: The number of jobs that train at once; the others wait.
        grace_seconds: The time for an algorithm to end after the request: 120 s on AWS.
    """

    objects: ObjectStore
    role: RoleFactory
    algorithms: Algorithms
    telemetry: Telemetry
    slots: asyncio.Semaphore
    grace_seconds: float = 120.0


class TrainingRun:
    """A training job that waits, trains, and uploads its model to S3. Use it in the event loop."""

    def __init__(
        self, name: str, region: str, store: RecordStore, folder: Path, services: JobServices
    ) -> None:
        self._name = name
        self._region = region
        self._store = store
        self._folder = folder
        self._services = services
        job = self._job
        role = services.role(job["RoleArn"], job["TrainingJobArn"])
        self._objects = RoleObjectStore(services.objects, role, region)
        self._checkpoints: Checkpoints | None = None
        if "CheckpointConfig" in job:
            self._checkpoints = Checkpoints(
                self._objects, job["CheckpointConfig"]["S3Uri"], folder / "checkpoints"
            )

        self._scraper = MetricScraper(job["AlgorithmSpecification"]["MetricDefinitions"])
        # Set when there are new metrics; the waiting task clears it.
        self.new_metrics = asyncio.Event()
        # Done with the secondary status of a job that ends before the algorithm does.
        self._early_end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._timers: list[asyncio.TimerHandle] = []

    def stop(self, status: str = "Stopped") -> None:
        """End the job early, with this secondary status; the first call counts."""
        if not self._early_end.done():
            self._early_end.set_result(status)

    def history(self, metric: str) -> list[float]:
        """Return all values of a metric in this run."""
        return self._scraper.history.get(metric, [])

    async def run(self) -> None:
        """Run the job to its end. After a cancellation, another run starts again or from its
        checkpoints.
        """
        try:
            await self._run()
        # ^Groups, since an error may come from a task beside the algorithm, such as the
        # upload of checkpoints.
        except* (NoInputError, UnusableKeyError, ObjectUnavailableError) as group:
            self._fail(f"ClientError: {group.exceptions[0]}")
        except* (AlgorithmFailedError, SourceUnreachableError) as group:
            self._fail(f"AlgorithmError: {group.exceptions[0]}")
        except* (
            Exception
            # The border of the job: an unexpected error ends this job only.
        ):
            _logger.exception("The training job %s broke", self._name)
            self._fail(
                "InternalServerError: We encountered an internal error. The log of the local cloud "
                "has the cause."
            )
        finally:
            for timer in self._timers:
                timer.cancel()
        await asyncio.to_thread(rmtree, self._folder, ignore_errors=True)

    async def _run(self) -> None:
        self._limit("MaxWaitTimeInSeconds", "MaxWaitTimeExceeded", since=self._job["CreationTime"])
        if not await self._is_done_before_end(self._services.slots.acquire()):
            return self._enter(self._early_end.result())

        try:
            self._enter("Downloading", TrainingStartTime=timestamp())
            await asyncio.to_thread(self._prepare_folder)
            if not self._early_end.done():
                await self._train()
                await self._upload()
        finally:
            self._services.slots.release()

        return self._enter(
            self._early_end.result() if self._early_end.done() else "Completed", **self._metrics()
        )

    def _prepare_folder(self) -> None:
        rmtree(self._folder, ignore_errors=True)
        write_configuration(self._folder, self._with_local_source())
        download_channels(self._objects, self._folder, self._job)
        if self._checkpoints:
            self._checkpoints.download()

    def _with_local_source(self) -> Record:
        """Return the job with the path of its source archive, if its container needs one."""
        job = self._job
        if not self._algorithm.runs_scripts:
            return job
        isolated = {ISOLATED: "1"} if job["EnableNetworkIsolation"] else {}
        settings = with_local_source(
            {**job["HyperParameters"], **isolated},
            HYPERPARAMETER,
            self._objects,
            self._folder / "source" / ARCHIVE,
        )
        settings.pop(ISOLATED, None)
        return {**job, "HyperParameters": settings}

    async def _train(self) -> None:
        self._enter("Training")
        self._limit("MaxRuntimeInSeconds", "MaxRuntimeExceeded", since=time.time())
        variables = {
            **self._job.get("Environment", {}),
            "TRAINING_JOB_NAME": self._name,
            "TRAINING_JOB_ARN": self._job["TrainingJobArn"],
            "AWS_REGION": self._region,
            "PYTHONUNBUFFERED": "1",  # the log shows an epoch when it ends
            **({ISOLATED: "1"} if self._job["EnableNetworkIsolation"] else {}),
        }
        async with (
            TrainingContainer.start(self._algorithm.train(self._folder), variables) as container,
            asyncio.TaskGroup() as beside,
        ):
            following = beside.create_task(self._follow(container))
            saving = beside.create_task(self._save_checkpoints())
            if not await self._is_done_before_end(container.wait()):
                await self._end(container)
            status = await container.wait()
            container.kill()  # a process that it left would keep its output open
            await following
            saving.cancel()
            await asyncio.wait([saving])  # its last upload must not follow the one below

        if self._checkpoints:
            await asyncio.to_thread(self._checkpoints.upload)
        if status and not self._early_end.done():
            raise AlgorithmFailedError(
                await asyncio.to_thread(failure_reason, self._folder, status)
            )

    async def _end(self, container: TrainingContainer) -> None:
        container.terminate()
        try:
            async with asyncio.timeout(self._services.grace_seconds):
                await container.wait()
        except TimeoutError:
            container.kill()

    async def _upload(self) -> None:
        self._enter(
            "Uploading", **({"TrainingJobStatus": "Stopping"} if self._early_end.done() else {})
        )
        url = await asyncio.to_thread(upload_archives, self._objects, self._folder, self._job)
        if url:
            self._change(ModelArtifacts={"S3ModelArtifacts": url})

    async def _follow(self, container: TrainingContainer) -> None:
        stream = f"{self._name}/algo-1-{int(time.time())}"
        await self._report(self._services.telemetry.open_log, stream)
        async for lines in container.output():
            await self._report(self._services.telemetry.log, stream, lines, int(time.time() * 1000))
            if metrics := list(self._scraper.scrape(lines)):
                self.new_metrics.set()
                await self._report(self._services.telemetry.publish, self._name, metrics)

    async def _report(self, telemetry: Callable[..., None], *arguments: object) -> None:
        await _in_thread(telemetry, self._region, *arguments)

    async def _save_checkpoints(self) -> None:
        while self._checkpoints:
            await asyncio.sleep(_CHECKPOINT_SECONDS)
            await _in_thread(self._checkpoints.upload)

    async def _is_done_before_end(self, waiting: Coroutine[Any, Any, object]) -> bool:
        task: asyncio.Future[object] = asyncio.create_task(waiting)
        try:
            await asyncio.wait(
                [task, cast("asyncio.Future[object]", self._early_end)], return_when=FIRST_COMPLETED
            )
            return task.done()
        finally:
            task.cancel()

    def _limit(self, member: str, status: str, since: float) -> None:
        seconds = self._job["StoppingCondition"].get(member)
        if seconds is not None:
            left = since + seconds - time.time()
            self._timers.append(
                asyncio.get_running_loop().call_later(left, partial(self.stop, status))
            )

    @property
    def _algorithm(self) -> Algorithm:
        image = self._job["AlgorithmSpecification"]["TrainingImage"]
        return self._services.algorithms.find(image)

    @property
    def _job(self) -> Record:
        return self._store.get(TRAINING_JOB, self._name)

    def _metrics(self) -> Record:
        final = list(self._scraper.final.values())
        return (
            {"FinalMetricDataList": final, "MetricHistory": self._scraper.history} if final else {}
        )

    def _fail(self, reason: str) -> None:
        self._enter("Failed", FailureReason=reason[:LONGEST_REASON], **self._metrics())

    def _enter(self, status: str, **members: Any) -> None:
        self._store.save(TRAINING_JOB, entered(self._job, status, **members))

    def _change(self, **members: Any) -> None:
        self._store.save(TRAINING_JOB, {**self._job, **members})


async def _in_thread(function: Callable[..., None], *arguments: object) -> None:
    """Run a function in a thread, and be cancelled only when it has ended.

    A thread cannot be cancelled. A thread that is left behind would wait long for a stopped cloud,
    or write an older state over a newer one.
    """
    running = asyncio.create_task(asyncio.to_thread(function, *arguments))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
