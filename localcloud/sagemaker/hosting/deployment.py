"""Start the containers of an endpoint from the model.tar.gz files of a plan."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from localcloud.sagemaker.algorithms import Algorithms, UnknownImageError
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.execution_role import RoleFactory, RoleObjectStore, RoleRefusedError
from localcloud.sagemaker.hosting.artifacts import BadArtifactError, unpack
from localcloud.sagemaker.hosting.container import ModelContainer, UnhealthyContainerError
from localcloud.sagemaker.hosting.data_capture import Config, is_enabled
from localcloud.sagemaker.hosting.serverless import Capacity
from localcloud.sagemaker.hosting.variants import shadow_shares
from localcloud.sagemaker.object_store import ObjectStore, ObjectUnavailableError
from localcloud.sagemaker.source_archives import (
    ARCHIVE,
    VARIABLE,
    SourceUnreachableError,
    container_variables,
    with_local_source,
)


@dataclass(frozen=True)
class Deployment:
    """The containers that serve an endpoint, or a share of its requests during an update.

    Args:
        containers: By variant, those of shadow variants too.
        weights: Of the production variants, as the endpoint configuration has them.
        shadows: By shadow variant, the share of the requests that it gets a copy of.
        roles: By variant, the ARN of the role that writes its captured data.
        capture: The DataCaptureConfig, if capture is enabled.
        config: The endpoint configuration, if the metrics in CloudWatch name it.
        serverless: By serverless variant, its capacity; variants on instances take every request.
    """

    containers: dict[str, ModelContainer]
    weights: dict[str, float]
    shadows: dict[str, float]
    roles: dict[str, str]
    capture: Config | None
    config: str | None
    serverless: dict[str, Capacity] = field(default_factory=dict)


class DeploymentFailedError(Exception):
    """A container of the endpoint cannot serve, or one of its alarms went into ALARM."""


class Launcher:
    """Start the containers of plans; each plan has a folder for its unpacked models."""

    def __init__(
        self,
        folder: Path,
        artifacts: ObjectStore,
        role: RoleFactory,
        region: str,
        algorithms: Algorithms,
        cold_start_seconds: float = 0.0,
    ) -> None:
        self._cold_start_seconds = cold_start_seconds
        self._folder = folder
        self._artifacts = artifacts
        self._role = role
        self._region = region
        self._algorithms = algorithms

    def keep_only(self, plan_ids: set[str]) -> None:
        """Delete the unpacked models of other plans."""
        for left_over in self._folder.glob("*"):
            if left_over.name not in plan_ids:
                rmtree(left_over)

    def discard(self, plan: Record) -> None:
        """Delete the unpacked models of a plan; its containers keep running."""
        rmtree(self._folder / plan["Id"], ignore_errors=True)

    async def launch(self, plan: Record, arn: str) -> Deployment:
        """Start the containers of a plan, for the endpoint of this ARN.

        Raises:
            DeploymentFailedError: a container does not start; the unpacked models are deleted.
        """
        folder = self._folder / plan["Id"]
        try:
            containers = {
                variant["VariantName"]: await self._start_container(
                    variant, folder / variant["VariantName"], arn
                )
                for variant in (*plan["Variants"], *plan.get("ShadowVariants", []))
            }
        except DeploymentFailedError:
            self.discard(plan)
            raise

        capture = plan.get("DataCaptureConfig")
        return Deployment(
            containers,
            weights={
                one["VariantName"]: one["Summary"]["CurrentWeight"] for one in plan["Variants"]
            },
            shadows=shadow_shares(plan),
            roles={one["VariantName"]: one.get("RoleArn", "") for one in plan["Variants"]},
            capture=capture if is_enabled(capture) else None,
            config=plan["EndpointConfigName"] if "DeploymentConfig" in plan else None,
            serverless={
                one["VariantName"]: Capacity.of(config, self._cold_start_seconds)
                for one in plan["Variants"]
                if (config := one["Summary"].get("CurrentServerlessConfig"))
            },
        )

    async def _start_container(self, variant: Record, folder: Path, arn: str) -> ModelContainer:
        url = variant["ModelDataUrl"]
        try:
            algorithm = self._algorithms.find(
                variant["Summary"]["DeployedImages"][0]["ResolvedImage"]
            )
            role = self._role(variant["RoleArn"], arn)
            objects = RoleObjectStore(self._artifacts, role, self._region)
            variables = container_variables(variant)
            if not folder.is_dir():
                role.assume()
                await asyncio.to_thread(lambda: unpack(objects.read(url), folder))
            if algorithm.runs_scripts:
                archive = folder.with_name(f"{folder.name}.{ARCHIVE}")
                variables = await asyncio.to_thread(
                    with_local_source, variables, VARIABLE, objects, archive
                )
            return await ModelContainer.start(algorithm.serve, folder, variables)
        except (ObjectUnavailableError, RoleRefusedError) as exc:
            raise DeploymentFailedError(
                f'Failed to download model data for container "container_1" from URL: "{url}". '
                f"Please ensure that there is an object located at the URL. ({exc})"
            ) from exc
        except BadArtifactError as exc:
            raise DeploymentFailedError(
                'Failed to extract model data archive for container "container_1" from URL '
                f'"{url}". Please ensure that the object is a valid tar.gz archive. ({exc})'
            ) from exc
        except SourceUnreachableError as exc:
            raise DeploymentFailedError(str(exc)) from exc
        # Its distribution was removed after the model was created.
        except UnknownImageError as exc:
            raise DeploymentFailedError(str(exc)) from exc
        except UnhealthyContainerError as exc:
            name = variant["VariantName"]
            raise DeploymentFailedError(
                f"The primary container for production variant {name} did not pass the ping "
                f"health check. ({exc})"
            ) from exc
