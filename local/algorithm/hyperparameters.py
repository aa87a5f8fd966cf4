"""The hyperparameters of a training job, which SageMaker hands over as strings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from local.algorithm.errors import AlgorithmError

# Accepted as the built-in algorithm accepts them, and recorded with the model: the backbone here is always the same.
WITHOUT_EFFECT = ("num_layers", "use_pretrained_model", "image_shape")


class HyperparameterError(AlgorithmError):
    """A hyperparameter is missing, unknown or out of its range."""


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Those that have an effect, with the built-in algorithm's defaults."""

    num_classes: int
    num_training_samples: int
    epochs: int = 30
    learning_rate: float = 0.1
    mini_batch_size: int = 32
    momentum: float = 0.9
    weight_decay: float = 0.0001


def read(path: Path) -> dict[str, str]:
    """The strings in a hyperparameters.json. Raises HyperparameterError when it holds no object of strings."""
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HyperparameterError(f"{path.name}: {error}") from error
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise HyperparameterError(f"{path.name} is not a JSON object of strings")
    return texts


def parse(texts: Mapping[str, str]) -> Hyperparameters:
    """Hyperparameters from their strings. Raises HyperparameterError, naming the hyperparameter."""
    known = {field.name: integer if field.type is int else fraction for field in fields(Hyperparameters)}
    unknown = sorted(texts.keys() - known - set(WITHOUT_EFFECT))
    if unknown:
        raise HyperparameterError(f"{', '.join(unknown)}: unknown; known are {', '.join([*known, *WITHOUT_EFFECT])}")
    missing = [name for name in ("num_classes", "num_training_samples") if name not in texts]
    if missing:
        raise HyperparameterError(f"{', '.join(missing)}: missing")
    values = {name: number(name, texts[name]) for name, number in known.items() if name in texts}
    return Hyperparameters(**values)  # type: ignore[arg-type] # each field has the type its function returns


def integer(name: str, text: str) -> int:
    """A positive integer."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise HyperparameterError(f"{name}: {text!r} is not a positive integer")


def fraction(name: str, text: str) -> float:
    """A number from 0 to 1, the range that the built-in algorithm allows."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")  # compares as out of range
    if 0 <= number <= 1:
        return number
    raise HyperparameterError(f"{name}: {text!r} is not a number from 0 to 1")
