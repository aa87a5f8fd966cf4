"""Read the hyperparameters of a training job, which SageMaker passes as strings.

The module has all hyperparameters of the built-in algorithm
(https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html).
Each one is honoured, has no effect (WITHOUT_EFFECT), or accepts only the value that applies here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from algorithm.augmentation import KINDS, Kind
from algorithm.errors import AlgorithmError
from algorithm.pixels import SIDE

# Accepted as the built-in algorithm does: here, backbone and machine are always the same.
WITHOUT_EFFECT = ("num_layers", "kv_store")

# Settings of script mode and of tuning jobs, which SageMaker passes among the hyperparameters.
OF_THE_CONTAINER = ("sagemaker_", "_tuning_objective_metric")

type Reader[T] = Callable[[str], T]  # raises ValueError with a description of a valid text


class HyperparameterError(AlgorithmError):
    """A hyperparameter is missing, unknown or out of its range."""


def integer(least: int) -> Reader[int]:
    """Return a reader of integers."""

    def read(text: str) -> int:
        if text.isdecimal() and int(text) >= least:
            return int(text)
        raise ValueError(f"an integer of {least} or more")

    return read


def fraction(text: str) -> float:
    """Read a number from 0 to 1, the range that the built-in algorithm allows."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")  # compares as out of range
    if 0 <= number <= 1:
        return number
    raise ValueError("a number from 0 to 1")


def flag(text: str) -> bool:
    """Read True or False."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise ValueError("True or False")


def one_of(*values: str) -> Reader[str]:
    """Return a reader of one of a few words."""

    def read(text: str) -> str:
        if text in values:
            return text
        raise ValueError(f"one of {', '.join(values)}")

    return read


def only(value: str, reason: str) -> Reader[str]:
    """Return a reader of the one value that applies here; `reason` explains why."""

    def read(text: str) -> str:
        if text.replace(" ", "") == value:
            return value
        raise ValueError(f"{value}: {reason}")

    return read


def epoch_list(text: str) -> tuple[int, ...]:
    """Read numbers of epochs, separated by commas."""
    try:
        return tuple(integer(1)(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("a list of epochs such as 10,20") from None


Count = Annotated[int, integer(1)]
Fraction = Annotated[float, fraction]


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The built-in algorithm's hyperparameters with its defaults, but a pretrained backbone."""

    num_classes: Annotated[int, integer(2)]
    num_training_samples: Count
    epochs: Count = 30
    mini_batch_size: Count = 32
    optimizer: Annotated[str, one_of("sgd", "nag", "adam", "rmsprop")] = "sgd"
    learning_rate: Fraction = 0.1
    lr_scheduler_step: Annotated[tuple[int, ...], epoch_list] = ()
    lr_scheduler_factor: Fraction = 0.1
    momentum: Fraction = 0.9  # sgd and nag
    weight_decay: Fraction = 0.0001  # sgd and nag
    beta_1: Fraction = 0.9  # adam
    beta_2: Fraction = 0.999  # adam
    gamma: Fraction = 0.9  # rmsprop
    eps: Fraction = 1e-8  # adam and rmsprop
    early_stopping: Annotated[bool, flag] = False
    early_stopping_min_epochs: Count = 10
    early_stopping_patience: Count = 5
    early_stopping_tolerance: Fraction = 0.0
    checkpoint_frequency: Annotated[int | None, integer(1)] = None  # after every new best epoch
    top_k: Annotated[int | None, integer(2)] = None
    num_layers: Annotated[
        str, one_of("18", "34", "50", "101", "152", "200", "20", "32", "44", "56", "110")
    ] = "152"
    kv_store: Annotated[str | None, one_of("dist_sync", "dist_async")] = None
    use_pretrained_model: Annotated[str, only("1", "the backbone is always pretrained")] = "1"
    image_shape: Annotated[str, only("3,224,224", "the backbone was trained on this size")] = (
        "3,224,224"
    )
    resize: Annotated[int | None, integer(1)] = None  # of the shorter side; image files need it
    precision_dtype: Annotated[str, only("float32", "the backbone and the head compute in it")] = (
        "float32"
    )
    multi_label: Annotated[str, only("0", "an image has one class")] = "0"
    use_weighted_loss: Annotated[str, only("0", "it belongs to multi_label")] = "0"
    augmentation_type: Annotated[Kind | None, one_of(*KINDS)] = None

    def learning_rate_of(self, epoch: int) -> float:
        """Return the learning rate of an epoch (from 0), reduced after each lr_scheduler_step."""
        return float(
            self.learning_rate
            * self.lr_scheduler_factor ** sum(step <= epoch for step in self.lr_scheduler_step)
        )


# The reader of each hyperparameter, by its name.
READERS: Mapping[str, Reader[Any]] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Hyperparameters, include_extras=True).items()
}


def read(path: Path) -> dict[str, str]:
    """Return the strings in a hyperparameters.json, without those for the container.

    Raises:
        HyperparameterError: the file is not a JSON object of strings.
    """
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HyperparameterError(f"{path.name}: {error}") from error
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise HyperparameterError(f"{path.name} is not a JSON object of strings")
    return {name: text for name, text in texts.items() if not name.startswith(OF_THE_CONTAINER)}


def parse(texts: Mapping[str, str]) -> Hyperparameters:
    """Return hyperparameters from their strings.

    Raises:
        HyperparameterError: a hyperparameter is missing, unknown or out of range.
    """
    unknown = sorted(texts.keys() - READERS.keys())
    if unknown:
        raise HyperparameterError(f"{', '.join(unknown)}: unknown; known are {', '.join(READERS)}")
    missing = [name for name in ("num_classes", "num_training_samples") if name not in texts]
    if missing:
        raise HyperparameterError(f"{', '.join(missing)}: missing")
    values = {}
    for name, text in texts.items():
        try:
            values[name] = READERS[name](text)
        except ValueError as error:
            raise HyperparameterError(f"{name}: {text!r} is not {error}") from error
    return agreeing(Hyperparameters(**values))


def agreeing(chosen: Hyperparameters) -> Hyperparameters:
    """Return the hyperparameters if their values fit together.

    Raises:
        HyperparameterError: two values contradict each other.
    """
    if chosen.resize is not None and chosen.resize <= SIDE:
        shape = chosen.image_shape
        raise HyperparameterError(
            f"resize: {chosen.resize} is not larger than image_shape, {shape}"
        )
    if (chosen.top_k or 0) > chosen.num_classes:
        raise HyperparameterError(
            f"top_k: {chosen.top_k} is more than num_classes, {chosen.num_classes}"
        )
    if (chosen.checkpoint_frequency or 0) > chosen.epochs:
        raise HyperparameterError(
            f"checkpoint_frequency: {chosen.checkpoint_frequency} is more than epochs"
        )
    return chosen
