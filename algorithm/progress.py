"""Hold the progress of a job's epochs, and convert it for a checkpoint."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from algorithm.arrays import Arrays
from algorithm.head import Head
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import Descent

type Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A head as it was after an epoch, with its metrics on both channels."""

    number: int
    head: Head
    train: Metrics
    validation: Metrics

    def merit(self) -> tuple[float, float]:
        """Compare by validation accuracy, then by loss, as the built-in algorithm does."""
        return self.validation["accuracy"], -self.validation["loss"]


# The fields in a checkpoint.
ARRAYS = ("layer", "first", "second", "weights", "bias", "facts")


@dataclass(frozen=True, slots=True)
class Progress:
    """The optimizer's state, the best epoch, and the validation accuracy of every epoch so far."""

    descent: Descent
    best: Epoch | None = None
    accuracies: tuple[float, ...] = ()

    def after(self, epoch: Epoch, descent: Descent) -> "Progress":
        """Return the progress with one more epoch."""
        best = epoch if self.best is None else max(self.best, epoch, key=Epoch.merit)
        return Progress(descent, best, (*self.accuracies, epoch.validation["accuracy"]))

    def arrays(self) -> Arrays:
        """Return the arrays for a checkpoint, after at least one epoch."""
        assert self.best, "a checkpoint follows an epoch"
        best = {
            "number": self.best.number,
            "train": self.best.train,
            "validation": self.best.validation,
        }
        facts = {"steps": self.descent.steps, "accuracies": self.accuracies, "best": best}
        descent = {
            "layer": self.descent.layer,
            "first": self.descent.first,
            "second": self.descent.second,
        }
        head = {"weights": self.best.head.weights, "bias": self.best.head.bias}
        return {**descent, **head, "facts": np.array(json.dumps(facts))}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Progress":
        """Return the progress that `arrays` has written."""
        facts = json.loads(str(arrays["facts"]))
        descent = Descent(arrays["layer"], arrays["first"], arrays["second"], facts["steps"])
        best = Epoch(head=Head(arrays["weights"], arrays["bias"]), **facts["best"])
        return cls(descent, best, tuple(facts["accuracies"]))


def is_exhausted(accuracies: Sequence[float], chosen: Hyperparameters) -> bool:
    """Return whether early stopping ends the job after these validation accuracies.

    It does after early_stopping_patience epochs in a row without an improvement of more than
    early_stopping_tolerance of the best accuracy before, but not before early_stopping_min_epochs.
    """
    best, waited = 0.0, 0
    for accuracy in accuracies:
        if accuracy - best > chosen.early_stopping_tolerance * best:
            best, waited = accuracy, 0
        else:
            waited += 1
    return (
        chosen.early_stopping
        and len(accuracies) >= chosen.early_stopping_min_epochs
        and waited >= chosen.early_stopping_patience
    )
