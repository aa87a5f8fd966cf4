"""Build the names and the tags of a run's resources."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from training.project.errors import TrainingError

_PART = re.compile(r"(?=.{1,19}$)[a-z0-9](-?[a-z0-9])*", re.ASCII)
_LONGEST = 63  # characters in the name of a training job, a model or an endpoint
# The template reads the model cards of all projects below this path.
_MODEL_CARDS = "/scones-unlimited/endpoints"


def _now() -> datetime:
    return datetime.now(UTC)


class InvalidNameError(TrainingError):
    """Use 1 to 19 lower-case letters, digits and single hyphens, such as `cars-2`."""


@dataclass(frozen=True)
class Names:
    """The names of one run.

    Project and environment choose the endpoint. The run chooses the dataset and its models.

    Raises:
        InvalidNameError: The project, the environment or the run cannot be part of a name on AWS.
    """

    project: str = "scones-unlimited"
    environment: str = "dev"
    run: str = "default"
    now: Callable[[], datetime] = field(
        default=_now, compare=False, repr=False
    )  # gives the date in the names of new resources

    def __post_init__(self) -> None:
        """Refuse text that cannot be part of a name."""
        for part in ("project", "environment", "run"):
            if not _PART.fullmatch(getattr(self, part)):
                raise InvalidNameError(
                    f"The {part} is {getattr(self, part)!r}. {InvalidNameError.__doc__}"
                )
        if self.environment == "training":
            raise InvalidNameError(
                "The environment cannot be `training`: its stack would have the name of dev's "
                "training stack. Choose another --environment."
            )
        too_long = len(self._dated(datetime.min)) - _LONGEST
        if too_long > 0:
            raise InvalidNameError(
                f"Project, environment and run are {too_long} characters too long together."
            )

    @property
    def service(self) -> str:
        """The name of the endpoint, and of the service's stack in `samconfig.toml`."""
        return self.project if self.environment == "dev" else f"{self.project}-{self.environment}"

    @property
    def endpoint(self) -> str:
        """The endpoint that the service calls."""
        return self.service

    @property
    def model_card(self) -> str:
        """The SSM parameter that holds the endpoint's model card."""
        return model_card_parameter(self.endpoint)

    @property
    def training_stack(self) -> str:
        """The stack of `stacks/training.yaml`, which all runs of an environment share."""
        return f"{self.service}-training"

    @property
    def dataset_prefix(self) -> str:
        """The key prefix of the run's dataset, without a slash at its end."""
        return f"datasets/{self.service}/{self.run}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of all resources of a run."""
        return {"project": self.project, "environment": self.environment, "run": self.run}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The tags as a list, as most AWS requests need them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def dated(self) -> str:
        """Return a dated name for a training job, or for a model and its configuration."""
        return self._dated(self.now())

    def _dated(self, moment: datetime) -> str:
        return f"{self.service}-{self.run}-{moment:%y%m%d-%H%M%S}"

    def versioned(self, version: int) -> str:
        """Return a dated name for the comparison of a model registry version with another."""
        return f"{self.service}-v{version}-{self.now():%y%m%d-%H%M%S}"

    def short(self) -> str:
        """Return a dated name of at most 32 characters for a tuning or Autopilot job."""
        beginning = f"{self.service}-{self.run}"[:19].rstrip("-")
        return f"{beginning}-{self.now():%y%m%d%H%M%S}"


def model_card_parameter(endpoint: str) -> str:
    """Return the SSM parameter that holds an endpoint's model card."""
    return f"{_MODEL_CARDS}/{endpoint}"
