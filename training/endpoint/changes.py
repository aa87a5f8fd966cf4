"""Change an endpoint: create, update, roll back and delete it, and wait for the result.

SageMaker changes endpoints slowly, and may roll a change back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from cli.aws import QuotaExceededError, code_of, sentence_of
from cli.polling import poll
from training.endpoint.errors import (
    EndpointFailedError,
    EndpointStuckError,
    EndpointTakenError,
    RolledBackError,
)
from training.endpoint.request import endpoint_request
from training.endpoint.update_progress import UpdateProgress
from training.project import inventory
from training.project.naming import Names
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

type Described = "DescribeEndpointOutputTypeDef"

# Weights and data capture follow the new configuration; SageMaker does not retain data capture
# ("not currently supported", VariantProperty). The number of instances stays as the load has set
# it.
_AS_MANY_INSTANCES = {
    "RetainAllVariantProperties": True,
    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
}
# Part of the message about a quota that is too small for an update.
_BESIDE = "An update needs twice the instances; with --strategy rolling it needs one batch more. "
IN_SERVICE, FAILED = "InService", "Failed"
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the project, which may not exist yet.

    Args:
        sagemaker: The client.
        names: The project's names and tags.
        name: Name of the endpoint.
        console: Shows the changes.
    """

    sagemaker: "SageMakerClient"
    names: Names
    name: str
    console: Console

    @classmethod
    def of_environment(cls, sagemaker: "SageMakerClient", names: Names, console: Console) -> Self:
        """Return the endpoint that the service of the environment calls."""
        return cls(sagemaker, names, names.endpoint, console)

    @property
    def log_hint(self) -> str:
        """Return a sentence that names the log of the endpoint's containers."""
        return (
            f"If the containers started, their log is /aws/sagemaker/Endpoints/{self.name} in "
            "CloudWatch Logs."
        )

    def say(self, what: str) -> None:
        """Show a change of the endpoint."""
        self.console.print(f"Endpoint {self.name} {what}.")

    def find(self) -> Described | None:
        """Return the endpoint's description, None if it does not exist."""
        return inventory.find_endpoint(self.sagemaker, self.name)

    def check_ownership(self) -> None:
        """Refuse an endpoint of the same name that does not belong to the project.

        Raises:
            EndpointTakenError: The endpoint exists without the project's tags.
        """
        found = self.find()
        if found and not inventory.is_ours(self.sagemaker, self.names, found["EndpointArn"]):
            wanted = ", ".join(
                f"{key}={self.names.tags[key]}" for key in ("project", "environment")
            )
            raise EndpointTakenError(
                f"The endpoint {self.name} lacks the tags {wanted}. {EndpointTakenError.__doc__}"
            )

    def settled(self, timeout: float, progress: UpdateProgress | None = None) -> Described | None:
        """Wait up to `timeout` seconds for the end of all changes; None without an endpoint.

        With `progress` each stage of the update is shown.

        Raises:
            EndpointStuckError: The change takes longer.
        """
        status = ""
        stage = ""
        with self.console.status("Waiting for the endpoint") as spinner:
            for seconds in poll(timeout):
                found = self.find()
                if found is None or found["EndpointStatus"] not in _BUSY:
                    return found
                status = found["EndpointStatus"]
                line = progress.line(found) if progress else status
                spinner.update(f"{line} ({seconds:.0f} s so far)")
                if progress and progress.stage(found) != stage:
                    stage = progress.stage(found)
                    self.console.print(f"  {line}")
        raise EndpointStuckError(
            f"The endpoint {self.name} has been {status} for more than {timeout:.0f} s. "
            f"{self.log_hint} Run the same command again to wait longer; --timeout sets how long."
        )

    def in_service(self, timeout: float) -> Described:
        """Wait for the end of all changes, and return the description of the endpoint.

        Raises:
            EndpointFailedError: The endpoint is not in service.
            EndpointStuckError: The change takes longer.
        """
        found = self.settled(timeout)
        if found is None or found["EndpointStatus"] != IN_SERVICE:
            status = found["EndpointStatus"] if found else "missing"
            raise EndpointFailedError(
                f"The endpoint {self.name} is {status}. Run `scones deploy` to create it."
            )
        return found

    def expect(self, config: str, timeout: float, progress: UpdateProgress | None = None) -> None:
        """Wait until the endpoint serves a configuration.

        Raises:
            RolledBackError: SageMaker has rolled back to another configuration.
            EndpointFailedError: The endpoint is not in service.
            EndpointStuckError: The change takes longer.
        """
        found = self.settled(timeout, progress)
        status = found["EndpointStatus"] if found else "missing"
        reason = found.get("FailureReason", "no reason given.") if found else "it was deleted."
        if found is None or status != IN_SERVICE:
            raise EndpointFailedError(
                f"The endpoint {self.name} is {status}: {reason} {self.log_hint} "
                "Fix the cause, then run the same command again to create the endpoint."
            )
        # SageMaker reports a rollback as success with another configuration.
        if found["EndpointConfigName"] != config:
            raise RolledBackError(
                f"SageMaker rolled back the update of {self.name}: {reason} The endpoint still "
                f"serves {found['EndpointConfigName']}. {self.log_hint}"
            )

    def prepare(self, config: Mapping[str, Any], *models: Mapping[str, Any]) -> None:
        """Create models and the configuration of their variants, unless an earlier attempt did.

        Args:
            config: The CreateEndpointConfig request.
            *models: The CreateModel requests. All names must be unique to the project.
        """
        for model in models:
            _create_unless_there(self.sagemaker.create_model, model)
        _create_unless_there(self.sagemaker.create_endpoint_config, config)

    def create(self, config: str, quota: str) -> None:
        """Create the endpoint.

        Raises:
            QuotaExceededError: The account's quota is too small.
        """
        request = endpoint_request(self.name, config, self.names.tag_list)
        _within_quota(quota, self.sagemaker.create_endpoint, **request)

    def update(self, config: str, quota: str, **how: Any) -> None:
        """Move the endpoint to a configuration, and tag it with this run.

        `how` holds further members of the UpdateEndpoint request.

        Raises:
            QuotaExceededError: The account's quota is too small.
        """
        request = {"EndpointName": self.name, "EndpointConfigName": config, **how}
        changed = _within_quota(quota, self.sagemaker.update_endpoint, _BESIDE, **request)
        tags: Any = self.names.tag_list
        self.sagemaker.add_tags(ResourceArn=changed["EndpointArn"], Tags=tags)

    def roll_back(self, serving: str, config: str, quota: str, *, scaled: bool) -> None:
        """Move the endpoint from the served configuration to an earlier one.

        With auto-scaling the present number of instances stays, because the earlier configuration
        only has the number it started with. That needs the same variants in both. Without
        auto-scaling the surplus instances would never be removed.

        Raises:
            QuotaExceededError: The account's quota is too small.
        """
        alike = scaled and self._hosted(serving) == self._hosted(config)
        self.update(config, quota, **(_AS_MANY_INSTANCES if alike else {}))

    def share(self, weights: Mapping[str, float], timeout: float) -> None:
        """Share the requests between the variants by weight, and wait for the change.

        Raises:
            EndpointFailedError: The endpoint is not in service.
            EndpointStuckError: The change takes longer.
        """
        self.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=self.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": one} for name, one in weights.items()
            ],
        )
        self.in_service(timeout)

    def delete(self, timeout: float) -> None:
        """Delete the endpoint and wait for the end of the deletion.

        Raises:
            EndpointStuckError: The deletion takes longer.
        """
        try:
            self.sagemaker.delete_endpoint(EndpointName=self.name)
        except ClientError as exc:
            if not inventory.is_absent(exc):
                raise
        self.settled(timeout)

    def variants_of(self, config: str) -> list[Any]:
        """List the production and shadow variants of an endpoint configuration."""
        described = self.sagemaker.describe_endpoint_config(EndpointConfigName=config)
        return [*described["ProductionVariants"], *described.get("ShadowProductionVariants", [])]

    def is_serverless(self, config: str) -> bool | None:
        """Return whether a configuration has a serverless variant, None if it was deleted."""
        try:
            return any("ServerlessConfig" in variant for variant in self.variants_of(config))
        except ClientError as exc:
            if inventory.is_absent(exc):
                return None
            raise

    def _hosted(self, config: str) -> set[tuple[str, bool]]:
        """Return the variants of a configuration, and whether each of them is serverless."""
        return {(one["VariantName"], "ServerlessConfig" in one) for one in self.variants_of(config)}


def _create_unless_there(operation: Callable[..., Any], request: Mapping[str, Any]) -> None:
    """Create a resource with a unique name, unless an earlier attempt created it."""
    try:
        operation(**request)
    except ClientError as exc:
        if "already exist" not in str(exc):  # SageMaker has no error code for this
            raise


def _within_quota(quota: str, operation: Callable[..., Any], hint: str = "", **request: Any) -> Any:
    try:
        return operation(**request)
    except ClientError as exc:
        if code_of(exc) != "ResourceLimitExceeded":
            raise
        raise QuotaExceededError(
            f"{sentence_of(exc)} The quota is `{quota}` of SageMaker in Service Quotas. Request an "
            f"increase, or use another instance type. {hint}No instance was added. Run the same "
            "command again to continue."
        ) from exc
