"""Plan a training job: its dataset, hyperparameters, machine and limits."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cli import instances
from cli.instances import BUILT_IN
from cli.names import shorten
from training.dataset.dataset import TRAIN, Dataset
from training.jobs import hyperparameters
from training.models.containers import algorithm_of
from training.project.encryption_keys import key_arn
from training.project.errors import TrainingError
from training.project.run_file import RunFile, open_run_file
from training.project.training_stack import TrainingStack
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_SAME_NETWORK = ("num_layers", "image_shape")


class LimitsError(TrainingError):
    """Use --max-wait only with --spot, and at least as long as --max-runtime."""


class RoleMissingError(TrainingError):
    """Give --role ARN, or run `scones stage`, which creates a role for SageMaker."""


class EarlierModelError(TrainingError):
    """Continue from a model of the same classes and network."""


@dataclass(frozen=True)
class Plan:
    """A training job without its name. Times are in seconds; `max_wait` needs spot training."""

    dataset: Dataset
    hyperparameters: Mapping[str, str]
    earlier_model: str | None
    role: str
    instance_type: str
    volume_gb: int
    max_runtime: int
    max_wait: int | None
    kms_key: str | None
    volume_kms_key: str | None
    algorithm: str = BUILT_IN

    @property
    def asked(self) -> dict[str, object]:
        """Return everything that defines the model; a repeated request needs no training."""
        return {
            "dataset": f"s3://{self.dataset.bucket}/{self.dataset.prefix}",
            "digest": self.dataset.digest,
            "hyperparameters": dict(self.hyperparameters),
            "earlier_model": self.earlier_model,
            # The runs of earlier versions have no algorithm.
            **({} if self.algorithm == BUILT_IN else {"algorithm": self.algorithm}),
        }


def make_plan(
    run: RunFile, options: argparse.Namespace, find_stack: Callable[[], TrainingStack | None]
) -> Plan:
    """Combine the run, the options and hyperparameters.toml; KMS keys stay as in the options.

    The training stack supplies the role if neither the options nor the run name one.

    Raises:
        StepNotDoneError: The run has no dataset, or the run of --from-run has no model.
        HyperparameterError: A hyperparameter is unknown or has a wrong value.
        LimitsError: --max-wait contradicts the other options.
        RoleMissingError: SageMaker has no role.
        EarlierModelError: The earlier model has other classes or another network.
    """
    dataset = Dataset.of(run)
    flags = {
        name: getattr(options, name)
        for name in hyperparameters.KINDS
        if getattr(options, name) is not None
    }
    chosen = {**hyperparameters.read(options.hyperparameters), **flags}
    hyperparameters.check(chosen)
    chosen |= {
        "num_classes": str(len(dataset.labels)),
        "num_training_samples": str(dataset.listed(TRAIN)),
    }
    return Plan(
        dataset=dataset,
        hyperparameters=chosen,
        earlier_model=_earlier_model(run, options, dataset, chosen),
        role=options.role or _role(run, dataset.bucket, find_stack),
        instance_type=options.instance_type or instances.TRAINING[options.algorithm],
        volume_gb=options.volume_size,
        max_runtime=options.max_runtime,
        max_wait=_max_wait(options),
        kms_key=options.kms_key,
        volume_kms_key=options.volume_kms_key,
        algorithm=options.algorithm,
    )


def with_key_arns(plan: Plan, kms: "KMSClient", console: Console) -> Plan:
    """Return the plan with the ARNs of its KMS keys.

    Raises:
        KeyUnusableError: The key does not exist, or SageMaker cannot use it.
    """
    return replace(
        plan,
        kms_key=key_arn(kms, plan.kms_key, console),
        volume_kms_key=key_arn(kms, plan.volume_kms_key, console),
    )


def require_classes(model: str, labels: Sequence[str], dataset: Dataset) -> None:
    """Refuse an earlier model of other classes; `model` names it in the message.

    Raises:
        EarlierModelError: The classes or their order differ.
    """
    if tuple(labels) != dataset.labels:
        raise EarlierModelError(
            f"{model} has the classes {shorten(labels)}, and the dataset has "
            f"{shorten(dataset.labels)}. Both need the same classes in the same order."
        )


def _max_wait(options: argparse.Namespace) -> int | None:
    if not options.spot:
        if options.max_wait is not None:
            raise LimitsError
        return None
    longest: int = 2 * options.max_runtime if options.max_wait is None else options.max_wait
    if longest < options.max_runtime:
        raise LimitsError
    return longest


def _role(run: RunFile, bucket: str, find_stack: Callable[[], TrainingStack | None]) -> str:
    if role := run.result("stage").get("role"):
        return str(role)
    stack = find_stack()
    if stack and stack.bucket == bucket:  # the role can read no other bucket
        return stack.role
    raise RoleMissingError


def _earlier_model(
    run: RunFile, options: argparse.Namespace, dataset: Dataset, chosen: Mapping[str, str]
) -> str | None:
    if options.from_model:
        return str(options.from_model)
    if not options.from_run:
        return None
    earlier = open_run_file(run.folder.parent / options.from_run).result("train")
    require_classes(f"The model of the run {options.from_run}", earlier["labels"], dataset)
    if (trained_by := algorithm_of(earlier["image"])) != options.algorithm:
        raise EarlierModelError(
            f"The model of the run {options.from_run} is of --algorithm {trained_by}, and this "
            f"training is of --algorithm {options.algorithm}. Use the same algorithm."
        )
    for name in _SAME_NETWORK:
        if earlier["hyperparameters"].get(name) != chosen.get(name):
            raise EarlierModelError(
                f"The model of the run {options.from_run} has {name} "
                f"{earlier['hyperparameters'].get(name)}, and this training has "
                f"{chosen.get(name)}. Use the same value."
            )
    return str(earlier["model_data"])
