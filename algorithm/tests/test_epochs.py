import logging
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from algorithm.discriminant import discriminant, with_discriminant
from algorithm.epochs import Channel, Epochs
from algorithm.features import StoppedError
from algorithm.head import Head
from algorithm.hyperparameters import Hyperparameters
from algorithm.progress import Epoch

CHOSEN = Hyperparameters(3, 60, epochs=6, learning_rate=0.01, mini_batch_size=8)


def overlapping_clusters(seed: int) -> Channel:
    """Return features (60, 5) that no head separates without error."""
    random = np.random.default_rng(seed)
    labels = np.arange(60) % 3
    return Channel(
        (np.eye(3, 5)[labels] + random.standard_normal((60, 5))).astype(np.float32), labels
    )


def epochs(chosen: Hyperparameters = CHOSEN, checkpoint: Path | None = None) -> Epochs:
    return Epochs(overlapping_clusters(1), overlapping_clusters(2), chosen, checkpoint=checkpoint)


class StopAfter(Event):
    """An event that is set after a number of queries."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def is_set(self) -> bool:
        self._count -= 1
        return self._count < 0


def interrupted(chosen: Hyperparameters, checkpoint: Path) -> Epoch:
    """Run two epochs, then stop. Each epoch queries `stop` twice, before and after."""
    return epochs(chosen, checkpoint).run(StopAfter(3))


def lines(caplog: pytest.LogCaptureFixture, word: str) -> list[str]:
    return [message for message in caplog.messages if word in message]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_run_after_an_interruption_gives_the_same_model(tmp_path: Path, optimizer: str) -> None:
    chosen = replace(CHOSEN, optimizer=optimizer, checkpoint_frequency=1)
    interrupted(chosen, tmp_path / "progress.npz")
    resumed, whole = (
        epochs(chosen, tmp_path / "progress.npz").run(Event()),
        epochs(chosen).run(Event()),
    )
    assert whole.number == resumed.number
    assert whole.train == resumed.train
    assert whole.validation == resumed.validation
    np.testing.assert_array_equal(whole.head.weights, resumed.head.weights)


def test_run_continues_after_the_last_epoch_of_the_checkpoint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(CHOSEN, tmp_path / "progress.npz")
    caplog.clear()
    caplog.set_level(logging.INFO)
    best = epochs(checkpoint=tmp_path / "progress.npz").run(Event())
    assert ["Resuming from the checkpoint after epoch 1"] == lines(caplog, "Resuming")
    assert ["Epoch[2]", "Epoch[3]", "Epoch[4]", "Epoch[5]", f"Epoch[{best.number}]"] == [
        line.partition(" ")[0] for line in lines(caplog, "Train-")
    ]


def test_run_again_after_the_last_epoch_gives_the_same_model(tmp_path: Path) -> None:
    chosen = replace(CHOSEN, checkpoint_frequency=6)
    first, second = (epochs(chosen, tmp_path / "progress.npz").run(Event()) for _ in range(2))
    np.testing.assert_array_equal(first.head.weights, second.head.weights)


def test_run_ignores_the_checkpoint_of_another_job(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(CHOSEN, tmp_path / "progress.npz")
    caplog.clear()
    caplog.set_level(logging.INFO)
    epochs(replace(CHOSEN, learning_rate=0.02), tmp_path / "progress.npz").run(Event())
    assert (
        "The checkpoint is of other images or hyperparameters, so it is not used" in caplog.messages
    )
    assert 6 + 1 == len(lines(caplog, "Train-"))  # the last is of the model


@pytest.mark.parametrize(("frequency", "expected"), [(1, 6), (2, 3), (6, 1)])
def test_run_saves_checkpoints_at_the_requested_frequency(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, frequency: int, expected: int
) -> None:
    caplog.set_level(logging.INFO)
    epochs(replace(CHOSEN, checkpoint_frequency=frequency), tmp_path / "progress.npz").run(Event())
    assert expected == len(lines(caplog, "Saved checkpoint to"))


def test_run_saves_a_checkpoint_of_every_best_epoch_by_default(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    epochs(checkpoint=tmp_path / "progress.npz").run(Event())
    assert len(lines(caplog, "Storing the best model")) == len(lines(caplog, "Saved checkpoint to"))


def test_run_stopped_before_the_first_epoch_has_no_model() -> None:
    with pytest.raises(StoppedError):
        epochs().run(StopAfter(0))


def test_run_ends_early_when_nothing_improves(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    still = replace(CHOSEN, learning_rate=0.0, early_stopping=True, early_stopping_min_epochs=1)
    epochs(replace(still, early_stopping_patience=2)).run(Event())
    assert ["Stopping after 3 epochs"] == lines(caplog, "Stopping")


def test_metrics_top_k_counts_the_truth_among_the_k_likeliest() -> None:
    head = Head(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    features = np.array([[3, 2, 1], [3, 2, 1], [3, 2, 1], [1, 2, 3]], np.float32)
    metrics = Channel(features, np.array([0, 1, 2, 2])).metrics(head, top_k=2)
    assert 0.5 == metrics["accuracy"]
    assert 0.75 == metrics["top_k_accuracy_2"]


def test_metrics_loss_is_the_mean_of_minus_the_logarithm_of_the_truth() -> None:
    head = Head(np.zeros((3, 2), np.float32), np.log(np.array([0.8, 0.2], np.float32)))
    metrics = Channel(np.zeros((2, 3), np.float32), np.array([0, 1])).metrics(head)
    assert pytest.approx(-(np.log(0.8) + np.log(0.2)) / 2) == metrics["loss"]


def test_run_adds_the_discriminant_to_the_best_head() -> None:
    job = epochs()
    best = job.run(Event())
    alone = replace(job, head=zero_head()).run(Event())  # begins with equal probabilities too
    added = discriminant(job.train.features, job.train.labels, 3)
    expected = with_discriminant(alone.head, added, job.train.features)
    assert alone.number == best.number
    np.testing.assert_allclose(expected.weights, best.head.weights, atol=1e-6)


def test_run_returns_the_metrics_of_the_served_head(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    job = epochs()
    best = job.run(Event())
    assert job.validation.metrics(best.head) == best.validation
    accuracy = best.validation["accuracy"]
    last = lines(caplog, "Validation-accuracy")[-1]
    assert f"Epoch[{best.number}] Validation-accuracy={accuracy:f}" == last


def zero_head() -> Head:
    return Head(np.zeros((5, 3), np.float32), np.zeros(3, np.float32))
