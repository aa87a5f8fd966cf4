"""What a training job is asked to do: the dataset, the hyperparameters, the machine and its limits."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from training.dataset.dataset import TRAIN, Dataset
from training.jobs import hyperparameters
from training.project.encryption_keys import key_arn
from training.project.errors import TrainingError
from training.project.run_file import RunFile, open_run_file
from training.project.training_stack import TrainingStack
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_SAME_NETWORK = ("num_layers", "image_shape")


class LimitsError(TrainingError):
    """--max-wait belongs to --spot, and covers waiting and training: it must not be below --max-runtime."""


class RoleMissingError(TrainingError):
    """SageMaker needs a role to work as: give --role ARN, or let `scones stage` make one."""


class EarlierModelError(TrainingError):
    """The earlier model cannot be the start of this training."""


@dataclass(frozen=True)
class Plan:
    """A training job, but for its name. Times are in seconds; `max_wait` is None without managed spot training."""

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

    @property
    def asked(self) -> dict[str, object]:
        """What decides the model that comes out: the same again need not be trained again, on whatever machine."""
        return {
            "dataset": f"s3://{self.dataset.bucket}/{self.dataset.prefix}",
            "digest": self.dataset.digest,
            "hyperparameters": dict(self.hyperparameters),
            "earlier_model": self.earlier_model,
        }


def make_plan(
    run: RunFile, options: argparse.Namespace, find_stack: Callable[[], TrainingStack | None]
) -> Plan:
    """Put together what the run, the options and hyperparameters.toml say; the keys are those of the options.

    The training stack is looked for if neither the options nor the run name a role.

    Raises:
        StepNotDoneError: there is no dataset yet, or no model in the run that --from-run names.
        HyperparameterError, LimitsError, RoleMissingError, EarlierModelError: what is asked cannot be.
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
        "num_training_samples": str(dataset.size(TRAIN)),
    }
    return Plan(
        dataset=dataset,
        hyperparameters=chosen,
        earlier_model=_earlier_model(run, options, dataset, chosen),
        role=options.role or _role(run, dataset.bucket, find_stack),
        instance_type=options.instance_type,
        volume_gb=options.volume_size,
        max_runtime=options.max_runtime,
        max_wait=_max_wait(options),
        kms_key=options.kms_key,
        volume_kms_key=options.volume_kms_key,
    )


def with_key_arns(plan: Plan, kms: "KMSClient", console: Console) -> Plan:
    """Return a plan whose KMS keys are named by their ARNs.

    Raises:
        KeyUnusableError: there is no such key, or SageMaker could not use it.
    """
    return replace(
        plan,
        kms_key=key_arn(kms, plan.kms_key, console),
        volume_kms_key=key_arn(kms, plan.volume_kms_key, console),
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
    if stack and stack.bucket == bucket:  # it may read no other
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
    if tuple(earlier["labels"]) != dataset.labels:
        raise EarlierModelError(
            f"The model of the run {options.from_run} knows the classes {', '.join(earlier['labels'])}; "
            f"the dataset has {', '.join(dataset.labels)}. They must be the same, in the same order."
        )
    for name in _SAME_NETWORK:
        if earlier["hyperparameters"].get(name) != chosen.get(name):
            raise EarlierModelError(
                f"The model of the run {options.from_run} has {name} {earlier['hyperparameters'].get(name)}, "
                f"this training {chosen.get(name)}: they must be the same."
            )
    return str(earlier["model_data"])
