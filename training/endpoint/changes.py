"""Change an endpoint: create it, update it, wait for it, roll it back, delete it.

SageMaker changes endpoints slowly, and the outcome is not always what was asked for.
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
from training.project import inventory
from training.project.naming import Names
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

type Described = "DescribeEndpointOutputTypeDef"

# Weights are those of the configuration, and so is data capture, which SageMaker does not retain ("not currently
# supported", VariantProperty); how many instances run is what load has brought about.
_AS_MANY_INSTANCES = {
    "RetainAllVariantProperties": True,
    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
}
# In the message of a quota that is too small for an update.
_BESIDE = "An update needs twice the instances; with --strategy rolling it needs one batch more. "
IN_SERVICE, FAILED = "InService", "Failed"
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the project, which may not exist yet.

    Args:
        sagemaker: The client that changes it.
        names: Tags of all that is ours.
        name: The endpoint's name.
        console: Where to say what happens.
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
        """Where the containers of the endpoint write their log."""
        return (
            f"Its log, if it came that far: CloudWatch Logs, /aws/sagemaker/Endpoints/{self.name}."
        )

    def say(self, what: str) -> None:
        """Show what happens to the endpoint."""
        self.console.print(f"Endpoint {self.name} {what}.")

    def find(self) -> Described | None:
        """Describe the endpoint; return None if it does not exist."""
        return inventory.find_endpoint(self.sagemaker, self.name)

    def check_ownership(self) -> None:
        """Refuse to touch an endpoint of the same name that somebody else made.

        Raises:
            EndpointTakenError: there is one.
        """
        found = self.find()
        if found and not inventory.is_ours(self.sagemaker, self.names, found["EndpointArn"]):
            wanted = ", ".join(
                f"{key}={self.names.tags[key]}" for key in ("project", "environment")
            )
            raise EndpointTakenError(
                f"The endpoint {self.name} has not the tags {wanted}. {EndpointTakenError.__doc__}"
            )

    def settled(self, timeout: float) -> Described | None:
        """Wait until the endpoint is not being changed any more, at most `timeout` seconds; None if there is none.

        Raises:
            EndpointStuckError: it takes longer.
        """
        status = ""
        with self.console.status("Looking at the endpoint") as spinner:
            for seconds in poll(timeout):
                found = self.find()
                if found is None or found["EndpointStatus"] not in _BUSY:
                    return found
                status = found["EndpointStatus"]
                spinner.update(f"{status} for {seconds:.0f} s")
        raise EndpointStuckError(
            f"The endpoint {self.name} is {status} for more than {timeout:.0f} s. {self.log_hint} "
            "The same command goes on waiting, with --timeout for longer."
        )

    def in_service(self, timeout: float) -> Described:
        """Wait until nothing changes the endpoint any more, and describe it.

        Raises:
            EndpointFailedError: it is not in service. EndpointStuckError: it takes longer.
        """
        found = self.settled(timeout)
        if found is None or found["EndpointStatus"] != IN_SERVICE:
            status = found["EndpointStatus"] if found else "not there"
            raise EndpointFailedError(f"The endpoint {self.name} is {status}: `deploy` makes it.")
        return found

    def expect(self, config: str, timeout: float) -> None:
        """Wait until the endpoint serves a configuration.

        Raises:
            RolledBackError: SageMaker has rolled back to another configuration.
            EndpointFailedError: it is not in service. EndpointStuckError: it takes longer.
        """
        found = self.settled(timeout)
        status = found["EndpointStatus"] if found else "gone"
        reason = found.get("FailureReason", "no reason given") if found else "somebody deleted it."
        if found is None or status != IN_SERVICE:
            raise EndpointFailedError(
                f"The endpoint {self.name} is {status}: {reason} {self.log_hint} "
                "When the cause is mended, the same command makes it anew."
            )
        if (
            found["EndpointConfigName"] != config
        ):  # all is well but for the name: so SageMaker reports a rollback
            raise RolledBackError(
                f"The endpoint {self.name} serves {found['EndpointConfigName']} as before. "
                f"SageMaker took the update back: {reason} {self.log_hint}"
            )

    def prepare(self, config: Mapping[str, Any], *models: Mapping[str, Any]) -> None:
        """Create models and the configuration of their variants, unless an earlier attempt did.

        Args:
            config: The members of CreateEndpointConfig.
            *models: The members of CreateModel. All names must be ours alone.
        """
        for model in models:
            _create_unless_there(self.sagemaker.create_model, model)
        _create_unless_there(self.sagemaker.create_endpoint_config, config)

    def create(self, config: str, quota: str) -> None:
        """Create the endpoint. Raises QuotaExceededError."""
        request = endpoint_request(self.name, config, self.names.tag_list)
        _within_quota(quota, self.sagemaker.create_endpoint, **request)

    def update(self, config: str, quota: str, **how: Any) -> None:
        """Move the endpoint to a configuration, and tag it as this run's; `how` are further members of UpdateEndpoint.

        Raises QuotaExceededError.
        """
        request = {"EndpointName": self.name, "EndpointConfigName": config, **how}
        changed = _within_quota(quota, self.sagemaker.update_endpoint, _BESIDE, **request)
        self.sagemaker.add_tags(ResourceArn=changed["EndpointArn"], Tags=self.names.tag_list)  # type: ignore[arg-type]

    def roll_back(self, serving: str, config: str, quota: str, *, scaled: bool) -> None:
        """Move the endpoint from the configuration in service to an earlier one.

        If auto-scaling decides how many instances run, as many do as now: the configuration has those that it began
        with. It takes the same variants in both, and without auto-scaling nobody would ever take instances away again.

        Raises QuotaExceededError.
        """
        alike = scaled and self._hosted(serving) == self._hosted(config)
        self.update(config, quota, **(_AS_MANY_INSTANCES if alike else {}))

    def share(self, weights: Mapping[str, float], timeout: float) -> None:
        """Share the requests between the variants by weights, and wait until it is so.

        Raises:
            EndpointFailedError: it is not in service. EndpointStuckError: it takes longer.
        """
        self.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=self.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": one} for name, one in weights.items()
            ],
        )
        self.in_service(timeout)

    def delete(self, timeout: float) -> None:
        """Delete the endpoint and wait until it is gone. Raises EndpointStuckError."""
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
        """Return whether a variant of an endpoint configuration is serverless; None if the configuration is deleted."""
        try:
            return any("ServerlessConfig" in variant for variant in self.variants_of(config))
        except ClientError as exc:
            if inventory.is_absent(exc):
                return None
            raise

    def _hosted(self, config: str) -> set[tuple[str, bool]]:
        """The variants of a configuration, and whether each is serverless."""
        return {(one["VariantName"], "ServerlessConfig" in one) for one in self.variants_of(config)}


def _create_unless_there(operation: Callable[..., Any], request: Mapping[str, Any]) -> None:
    """Create something whose name is ours alone; an earlier attempt may have done so already."""
    try:
        operation(**request)
    except ClientError as exc:
        if "already exist" not in str(exc):  # SageMaker has no code of its own for that
            raise


def _within_quota(quota: str, operation: Callable[..., Any], hint: str = "", **request: Any) -> Any:
    try:
        return operation(**request)
    except ClientError as exc:
        if code_of(exc) != "ResourceLimitExceeded":
            raise
        raise QuotaExceededError(
            f"{sentence_of(exc)} The quota is `{quota}` of SageMaker in Service Quotas: ask for more, or use "
            f"another instance type. {hint}Nothing runs that did not run before; the same command goes on."
        ) from exc
