"""What a training job is asked to do: the dataset, the hyperparameters, the machine and its limits."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from training.dataset.dataset import TRAIN, Dataset
from training.jobs import hyperparameters
from training.project.encryption_keys import key_arn
from training.project.errors import TrainingError
from training.project.run_file import open_run_file
from training.project.step import Context
from training.project.training_stack import find_training_stack

_SAME_NETWORK = ("num_layers", "image_shape")


class LimitsError(TrainingError):
    """--max-wait belongs to --spot, and covers waiting and training: it must not be below --max-runtime."""


class RoleMissingError(TrainingError):
    """SageMaker needs a role to work as: give --role ARN, or let `python -m training stage` make one."""


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


def make_plan(context: Context, options: argparse.Namespace) -> Plan:
    """Put together what the run, the options and hyperparameters.toml say.

    Raises:
        StepNotDoneError: there is no dataset yet, or no model in the run that --from-run names.
        HyperparameterError, LimitsError, RoleMissingError, EarlierModelError, KeyUnusableError:
            what is asked cannot be.
    """
    dataset = Dataset.of(context.run)
    flags = {name: getattr(options, name) for name in hyperparameters.KINDS if getattr(options, name) is not None}
    chosen = {**hyperparameters.read(options.hyperparameters), **flags}
    hyperparameters.check(chosen)
    chosen |= {"num_classes": str(len(dataset.labels)), "num_training_samples": str(dataset.size(TRAIN))}
    return Plan(
        dataset=dataset,
        hyperparameters=chosen,
        earlier_model=_earlier_model(context, options, dataset, chosen),
        role=_role(context, options.role, dataset.bucket),
        instance_type=options.instance_type,
        volume_gb=options.volume_size,
        max_runtime=options.max_runtime,
        max_wait=_max_wait(options),
        kms_key=key_arn(context, options.kms_key),
        volume_kms_key=key_arn(context, options.volume_kms_key),
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


def _role(context: Context, named: str | None, bucket: str) -> str:
    if role := named or context.run.result("stage").get("role"):
        return str(role)
    stack = find_training_stack(context)
    if stack and stack.bucket == bucket:  # it may read no other
        return stack.role
    raise RoleMissingError


def _earlier_model(
    context: Context, options: argparse.Namespace, dataset: Dataset, chosen: Mapping[str, str]
) -> str | None:
    if options.from_model:
        return str(options.from_model)
    if not options.from_run:
        return None
    earlier = open_run_file(context.run.folder.parent / options.from_run).result("train")
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
