"""Find the algorithm that runs in place of a container image, by the image's URI.

Images cannot run here: this machine may have no Docker, and AWS does not publish the images of its
algorithms. An algorithm is a command that trains and a function that answers requests. Both work on
folders like those of a container.

An installed distribution registers an algorithm with an entry point:

    [project.entry-points."localcloud.algorithms"]
    nearest-centroid = "my_package.local_cloud:ALGORITHM"

ALGORITHM is an `Algorithm`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Self

from localcloud.api.protocol import Answer

GROUP = "localcloud.algorithms"
# The registry of AWS's images. Each region has its own account, and each partition its own domain.
REGISTRY = (
    r"\d{12}\.dkr\.ecr\.[a-z0-9-]+"
    r"\.(amazonaws\.com(\.cn)?|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov)/"
)

# Answers one invocation. It gets the headers that SageMaker passes to a container (names in lower
# case) and the body.
type Invoke = Callable[[Mapping[str, str], bytes], Awaitable[Answer]]
# Loads the model in a folder (/opt/ml/model on AWS) with the environment variables of the model, in
# a thread. A replaced container still answers its requests: what it holds ends when nothing refers
# to it any more.
type ContainerFactory = Callable[[Path, Mapping[str, str]], Invoke]


class UnknownImageError(Exception):
    """No registered algorithm runs in place of the image."""

    def __init__(self, image: str, patterns: Sequence[str]) -> None:
        super().__init__(
            "The local SageMaker runs a registered algorithm in place of an image. "
            f"{image} matches none of: {', '.join(patterns)}. "
            f"To add an algorithm, install a distribution with an entry point in the group {GROUP}."
        )


class InvalidEntryPointError(Exception):
    """An entry point of a distribution does not name an Algorithm."""


@dataclass(frozen=True)
class BuiltInRules:
    """AWS's rules for a built-in algorithm; for other images the request sets these values.

    Args:
        metric_definitions: Metrics in the log, as MetricDefinitions has them.
        objective_metrics: Metrics that a tuning job can optimize.
        tunable_hyperparameters: Hyperparameters that a tuning job can search.
        content_types: Content types of the channels.
    """

    metric_definitions: tuple[Mapping[str, str], ...]
    objective_metrics: tuple[str, ...]
    tunable_hyperparameters: tuple[str, ...]
    content_types: tuple[str, ...]


@dataclass(frozen=True)
class Algorithm:
    """An algorithm that runs in place of a container image.

    Args:
        image: Regular expression that matches the whole URI of the image.
        train: Return the command that trains in a folder shaped like /opt/ml. It reads input/config
            and input/data, and writes model. It writes the reason of a failure to output/failure.
        serve: Load the model in a folder with the model's environment variables, and return the
            function that answers invocations. An exception means that the model is unusable: the
            endpoint fails with its text.
        built_in: AWS's rules, if the algorithm is one of AWS's own.
        runs_scripts: Its container unpacks and runs the source archive that
            `sagemaker_submit_directory` names.
    """

    image: str
    train: Callable[[Path], Sequence[str | Path]]
    serve: ContainerFactory
    built_in: BuiltInRules | None = None
    runs_scripts: bool = False


@dataclass(frozen=True)
class Algorithms:
    """The registered algorithms; if several match an image, the first runs."""

    registered: tuple[Algorithm, ...]

    @classmethod
    def installed(cls, *first: Algorithm) -> Self:
        """Return these algorithms and those that installed distributions register.

        Raises:
            InvalidEntryPointError: an entry point cannot be loaded, or names something else.
        """
        return cls((*first, *(_load(entry_point) for entry_point in entry_points(group=GROUP))))

    def find(self, image: str) -> Algorithm:
        """Return the algorithm that runs in place of an image.

        Raises:
            UnknownImageError: with the image and the registered patterns.
        """
        for algorithm in self.registered:
            if re.fullmatch(algorithm.image, image):
                return algorithm
        raise UnknownImageError(image, [algorithm.image for algorithm in self.registered])

    def wrapping(self, wrap: Callable[[ContainerFactory], ContainerFactory]) -> Self:
        """Return the same algorithms, with each container factory wrapped."""
        wrapped = (replace(one, serve=wrap(one.serve)) for one in self.registered)
        return replace(self, registered=tuple(wrapped))


def _load(entry_point: EntryPoint) -> Algorithm:
    try:
        found = entry_point.load()
    except Exception as exc:  # the code belongs to another distribution
        raise InvalidEntryPointError(
            f"The entry point {entry_point.name} of the group {GROUP} cannot be loaded ({exc}). "
            f"Install or remove its distribution."
        ) from exc
    if not isinstance(found, Algorithm):
        raise InvalidEntryPointError(
            f"The entry point {entry_point.name} of the group {GROUP} names {entry_point.value}, "
            f"which is not a {Algorithm.__module__}.Algorithm."
        )

    return found
