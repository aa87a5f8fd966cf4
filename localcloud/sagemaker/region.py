"""Serve SageMaker in one region: its records, its endpoints, and its two APIs."""

from functools import partial
from pathlib import Path

from localcloud.api.control_plane import ControlPlane
from localcloud.api.protocol import Answer, Request
from localcloud.sagemaker.api.resource_arns import resource_arns
from localcloud.sagemaker.api.store import ENDPOINT, Record, RecordStore
from localcloud.sagemaker.api.tagging import Tagging
from localcloud.sagemaker.hosting.deployment import Launcher
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.operations import Hosting
from localcloud.sagemaker.hosting.runtime import Runtime
from localcloud.sagemaker.hosting.telemetry import Telemetry
from localcloud.sagemaker.jobs.training_jobs import TrainingJobs
from localcloud.sagemaker.jobs.tuning_jobs import TuningJobs
from localcloud.sagemaker.model_registry import ModelRegistry
from localcloud.sagemaker.surroundings import Surroundings

# SageMaker API reference, CreateModel: "To be able to pass this role to SageMaker, the caller of
# this API must have the iam:PassRole permission." CreateTrainingJob has the same sentence.
_PRINCIPAL = "sagemaker.amazonaws.com"
_PASSED_ROLES = dict.fromkeys(
    ("ExecutionRoleArn", "RoleArn", "TrainingJobDefinition.RoleArn"), _PRINCIPAL
)


class Region:
    """Answer the requests that are signed for one region."""

    def __init__(self, folder: Path, surroundings: Surroundings) -> None:
        name = folder.name
        account = surroundings.account
        self._authorizer = surroundings.authorizer
        self._store = RecordStore(folder, account, name)
        alarm_states = partial(surroundings.alarms.states, name)
        role = surroundings.jobs.role
        targets = surroundings.scalable_targets
        artifacts = surroundings.artifact_store
        algorithms = surroundings.jobs.algorithms
        cold_start = surroundings.cold_start_seconds
        launcher = Launcher(folder / "deployment", artifacts, role, name, algorithms, cold_start)
        self._endpoints = Endpoints(self._store, launcher, alarm_states, surroundings.alarms.now)
        self._training_jobs = TrainingJobs(
            self._store, name, folder / "training", surroundings.jobs
        )
        self._tuning_jobs = TuningJobs(self._store, self._training_jobs)
        operations = {
            **Hosting(
                self._store,
                self._endpoints,
                targets,
                alarm_states,
                role,
                algorithms,
                artifacts,
                name,
            ).operations,
            **ModelRegistry(self._store).operations,
            **Tagging(self._store).operations,
            **self._training_jobs.operations,
            **self._tuning_jobs.operations,
        }
        resources = partial(resource_arns, self._store)
        self._control_plane = ControlPlane(
            "sagemaker", operations, self._authorizer, resources, passed_roles=_PASSED_ROLES
        )
        sink = surroundings.telemetry_sink
        pause = surroundings.publish_seconds
        self._telemetry = Telemetry(self._store, sink, role, name, pause)
        limit = surroundings.model_time_limit_seconds
        self._runtime = Runtime(self._store, self._endpoints, self._telemetry, account, name, limit)

    def resume(self) -> None:
        """Load in the background the endpoints of an earlier process, and start publishing their
        metrics.
        """
        self._endpoints.resume()
        self._telemetry.start()

    def resume_jobs(self) -> None:
        """Resume the jobs of an earlier process."""
        self._training_jobs.resume()
        self._tuning_jobs.resume()

    def find_endpoint(self, name: str) -> Record | None:
        """Return the record of the endpoint of this name, or None."""
        return self._store.find(ENDPOINT, name)

    async def invoke(self, endpoint: str, request: Request) -> Answer:
        """Answer InvokeEndpoint.

        Raises:
            ServiceError: the request fails, with the error of the runtime API.
        """
        self._authorizer.authorize(
            request, "sagemaker:InvokeEndpoint", self._store.arn(ENDPOINT, endpoint)
        )
        return await self._runtime.invoke(endpoint, request)

    async def operate(self, request: Request) -> Answer:
        """Answer an operation of the control plane.

        Raises:
            ServiceError: the request fails, with the error of the control plane.
        """
        return await self._control_plane.operate(request)

    async def stop_jobs(self) -> None:
        """End the processes of all jobs, which a later process resumes."""
        await self._tuning_jobs.aclose()
        await self._training_jobs.aclose()

    async def publish(self) -> None:
        """Publish pending metrics and captured data."""
        await self._telemetry.publish()

    async def aclose(self) -> None:
        """Stop the endpoints; their state stays on disk."""
        await self._telemetry.aclose()
        await self._endpoints.aclose()
