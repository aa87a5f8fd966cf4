"""Decide the hosting of an endpoint from the options of `deploy`."""

import argparse
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from cli import instances
from cli.arguments import percent, whole
from training.project.errors import TrainingError

REALTIME, SERVERLESS = "realtime", "serverless"
CAPTURED = "captured"  # the prefix that the role of stacks/training.yaml may write
MEMORY_MB = 2048
MAX_CONCURRENCY = 5
# A minute. A small ResNet on an ml.m5.large classifies ten images a second; AWS advises half of it.
INVOCATIONS_PER_INSTANCE = 300
# Families with local disks: letter d (m5d, g4dn), and some families without the letter.
_LOCAL_DISKS = re.compile(r"ml\.([a-z]+\d+[a-z]*d[a-z]*|g5|g6e?|gr6|p5e?n?|trn[12]n?)\.")
_ONLY_REALTIME = ("instance_type", "instances", "capture", "capture_prefix", "kms_key", "autoscale")
_ONLY_SERVERLESS = ("memory", "max_concurrency")
HOSTING_OPTIONS = ("mode", *_ONLY_REALTIME, "invocations_per_instance", *_ONLY_SERVERLESS)


class HostingOptionsError(TrainingError):
    """Leave out one of the options of `deploy` that contradict each other."""


class UnknownInstanceTypeError(TrainingError):
    """Use an instance type that SageMaker offers for endpoints."""


@dataclass(frozen=True)
class Scaling:
    """Smallest and largest number of instances, and the target of invocations a minute for each."""

    smallest: int
    largest: int
    invocations_per_instance: int


@dataclass(frozen=True)
class Hosting:
    """Instances of a type with a captured percentage of requests (0: none), or serverless."""

    mode: str
    instance_type: str | None = None
    instances: int = 1
    memory_mb: int | None = None
    max_concurrency: int | None = None
    capture_percent: int = 0
    capture_url: str | None = None
    kms_key: str | None = None
    scaling: Scaling | None = None

    @classmethod
    def of(cls, options: argparse.Namespace, bucket: str, instance_types: Iterable[str]) -> Self:
        """Return the hosting that the options describe, with captured data in the bucket.

        Raises:
            HostingOptionsError: Options contradict each other.
            UnknownInstanceTypeError: The instance type is not one of these types.
        """
        mode = options.mode or REALTIME
        refuse(
            options, _ONLY_REALTIME if mode == SERVERLESS else _ONLY_SERVERLESS, f"--mode {mode}"
        )
        if mode == SERVERLESS:
            memory = options.memory or MEMORY_MB
            concurrency = options.max_concurrency or MAX_CONCURRENCY
            return cls(SERVERLESS, memory_mb=memory, max_concurrency=concurrency)
        instance_type = options.instance_type or instances.ENDPOINT
        _check_instance_type(instance_type, instance_types)
        if options.kms_key and _LOCAL_DISKS.match(instance_type):
            raise HostingOptionsError(
                f"--kms-key has no effect on an {instance_type}, which encrypts its local disks "
                "with its own key. Leave out --kms-key, or use an instance type without local "
                "disks."
            )
        return cls(
            REALTIME,
            instance_type=instance_type,
            instances=_instances(options),
            capture_percent=options.capture or 0,
            capture_url=_capture_url(options, bucket),
            kms_key=options.kms_key,
            scaling=_scaling(options),
        )

    @property
    def is_serverless(self) -> bool:
        """Return whether the endpoint runs without instances."""
        return self.instance_type is None

    @property
    def asked(self) -> dict[str, Any]:
        """Return the options that define the configuration; bounds of scaling do not."""
        return {
            name: value
            for name, value in vars(self).items()
            if name != "scaling" and value is not None
        }


def add_hosting_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the endpoint's hosting; None marks an option that was not given."""
    add = parser.add_argument
    add(
        "--mode",
        choices=(REALTIME, SERVERLESS),
        help=f"host on instances or serverless (default: {REALTIME})",
    )
    add(
        "--instance-type",
        metavar="TYPE",
        help=f"realtime: instance type (default: {instances.ENDPOINT})",
    )
    add(
        "--instances",
        type=whole(1, 1000),
        metavar="N",
        help="realtime: number of instances (default: 1)",
    )
    sizes = range(1024, 6145, 1024)
    add(
        "--memory",
        type=int,
        choices=sizes,
        metavar="MB",
        help=f"serverless: memory, 1024, 2048 ... 6144 (default: {MEMORY_MB})",
    )
    add(
        "--max-concurrency",
        type=whole(1, 200),
        metavar="N",
        help=f"serverless: concurrent requests, 1 to 200 (default: {MAX_CONCURRENCY})",
    )
    add(
        "--capture",
        type=percent(1, 100),
        metavar="SHARE",
        help="realtime: keep this share of requests and answers in S3, such as 0.1",
    )
    add(
        "--capture-prefix",
        metavar="PREFIX",
        help=f"prefix of captured data in the bucket: {CAPTURED}/NAME (default: {CAPTURED})",
    )
    add("--kms-key", metavar="ARN", help="KMS key for instance volumes and captured data")
    add(
        "--autoscale",
        type=_bounds,
        metavar="MIN:MAX",
        help="realtime: scale between these numbers of instances",
    )
    add(
        "--invocations-per-instance",
        type=whole(1, 1_000_000),
        metavar="N",
        help="with --autoscale: target requests per minute and instance "
        f"(default: {INVOCATIONS_PER_INSTANCE})",
    )


def refuse(options: argparse.Namespace, others: Iterable[str], what: str) -> None:
    """Refuse options that contradict another option, which `what` names.

    Raises:
        HostingOptionsError: One of the other options is given.
    """
    given = [
        f"--{name.replace('_', '-')}"
        for name in others
        if getattr(options, name) not in (None, False)
    ]
    if given:
        raise HostingOptionsError(
            f"{', '.join(given)} cannot be used with {what}. Leave out one of them."
        )


def _bounds(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4}):(\d{1,4})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of instances such as 1:4")
    return int(match[1]), int(match[2])


def _check_instance_type(instance_type: str, known: Iterable[str]) -> None:
    names = list(known)
    if instance_type not in names:
        near = difflib.get_close_matches(instance_type, names) or [instances.ENDPOINT]
        raise UnknownInstanceTypeError(
            f"{instance_type!r} is not an instance type for endpoints, according to the installed "
            f"boto3. Similar types are {', '.join(near)}."
        )


def _capture_url(options: argparse.Namespace, bucket: str) -> str | None:
    if not options.capture:
        if options.capture_prefix:
            raise HostingOptionsError("--capture-prefix needs --capture.")
        return None
    prefix = (options.capture_prefix or CAPTURED).rstrip("/")
    # SageMaker writes with the role, and does not report a denied write.
    if not f"{prefix}/".startswith(f"{CAPTURED}/"):
        raise HostingOptionsError(
            f"--capture-prefix {options.capture_prefix} is outside {CAPTURED}/, the only place "
            f"where SageMaker's role may write captured data. Use {CAPTURED}/{prefix.strip('/')}."
        )
    return f"s3://{bucket}/{prefix}"


def _instances(options: argparse.Namespace) -> int:
    smallest, largest = options.autoscale or (1, 1000)
    instances: int = options.instances or smallest
    if not smallest <= instances <= largest:
        raise HostingOptionsError(
            f"--instances {instances} is outside --autoscale {smallest}:{largest}."
        )
    return instances


def _scaling(options: argparse.Namespace) -> Scaling | None:
    if not options.autoscale:
        if options.invocations_per_instance:
            raise HostingOptionsError("--invocations-per-instance needs --autoscale MIN:MAX.")
        return None
    smallest, largest = options.autoscale
    return Scaling(smallest, largest, options.invocations_per_instance or INVOCATIONS_PER_INSTANCE)
