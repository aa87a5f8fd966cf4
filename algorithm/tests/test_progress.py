import numpy as np
import pytest

from algorithm.head import Head
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import Descent
from algorithm.progress import Epoch, Progress, is_exhausted


def epoch(number: int, accuracy: float, loss: float = 1.0) -> Epoch:
    head = Head(np.full((2, 2), number, np.float32), np.zeros(2, np.float32))
    return Epoch(number, head, {"accuracy": 1.0, "loss": 0.0}, {"accuracy": accuracy, "loss": loss})


def after(*epochs: Epoch) -> Progress:
    progress = Progress(Descent.beginning(np.zeros((3, 2), np.float32)))
    for one in epochs:
        progress = progress.after(one, progress.descent)
    return progress


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([epoch(0, 0.8), epoch(1, 0.9), epoch(2, 0.7)], 1),
        ([epoch(0, 0.9, 0.4), epoch(1, 0.9, 0.3)], 1),
        ([epoch(0, 0.9, 0.3), epoch(1, 0.9, 0.3)], 0),
    ],
)
def test_after_keeps_the_epoch_of_best_accuracy_then_loss(epochs: list[Epoch], best: int) -> None:
    progress = after(*epochs)
    assert progress.best
    assert best == progress.best.number


def test_from_arrays_restores_the_progress() -> None:
    arrays = after(epoch(0, 0.5), epoch(1, 0.25)).arrays()
    again = Progress.from_arrays(arrays)
    assert again.best
    assert 0 == again.best.number
    assert (0.5, 0.25) == again.accuracies
    assert {name: array.tolist() for name, array in arrays.items()} == {
        name: array.tolist() for name, array in again.arrays().items()
    }


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([], False),
        ([0.5, 0.5], False),
        ([0.5, 0.5, 0.5], True),
        ([0.5, 0.5, 0.6, 0.6], False),
        ([0.5, 0.5, 0.52, 0.53], True),
        ([0.0, 0.0, 0.0], True),
    ],
)
def test_is_exhausted_after_two_epochs_without_enough_improvement(
    accuracies: list[float], expected: bool
) -> None:
    chosen = Hyperparameters(
        2,
        8,
        early_stopping=True,
        early_stopping_min_epochs=1,
        early_stopping_patience=2,
        early_stopping_tolerance=0.1,
    )
    assert expected == is_exhausted(accuracies, chosen)


def test_is_exhausted_waits_for_the_minimum_of_epochs() -> None:
    chosen = Hyperparameters(
        2, 8, early_stopping=True, early_stopping_min_epochs=4, early_stopping_patience=1
    )
    assert [False, True] == [is_exhausted([0.5] * count, chosen) for count in (3, 4)]


def test_is_exhausted_only_with_early_stopping() -> None:
    assert not is_exhausted([0.5] * 100, Hyperparameters(2, 8))
