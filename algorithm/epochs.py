"""Run the epochs of a job: train, measure, log, write checkpoints, stop early."""

import hashlib
import logging
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event

import numpy as np

from algorithm.checkpoint import load_arrays, save_arrays
from algorithm.discriminant import discriminant, with_discriminant
from algorithm.features import StoppedError
from algorithm.head import Head, HeadTraining, Labels
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import Floats
from algorithm.progress import ARRAYS, Epoch, Metrics, Progress, is_exhausted

TINY = 1e-12  # replaces a probability of 0, which has no logarithm

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as features (images, features), class indices (images,) and features of views."""

    features: Floats
    labels: Labels
    views: tuple[Floats, ...] = ()

    def metrics(self, head: Head, top_k: int | None = None) -> Metrics:
        """Measure top-1 accuracy, mean cross-entropy and, on request, top-k accuracy of a head."""
        probabilities = head.probabilities(self.features)
        of_the_truth = probabilities[np.arange(len(self.labels)), self.labels]
        accuracy = float((probabilities.argmax(axis=1) == self.labels).mean())
        metrics = {
            "accuracy": accuracy,
            "loss": float(-np.log(np.maximum(of_the_truth, TINY)).mean()),
        }
        if top_k:
            likelier = (probabilities > of_the_truth[:, np.newaxis]).sum(axis=1)
            metrics[f"top_k_accuracy_{top_k}"] = float((likelier < top_k).mean())
        return metrics


@dataclass(frozen=True)
class Epochs:
    """The inputs of a job's epochs: they start at `head` and store progress in `checkpoint`."""

    train: Channel
    validation: Channel
    chosen: Hyperparameters
    head: Head | None = None
    checkpoint: Path | None = None

    def run(self, stop: Event) -> Epoch:
        """Run the remaining epochs until `stop` is set, and return the best epoch as it is served.

        Raises:
            DivergedError: the weights are no longer finite.
            StoppedError: the job was stopped before the first epoch ended.
        """
        training = HeadTraining(
            self.train.features, self.train.labels, self.chosen, self.train.views
        )
        progress = self.resumed() or Progress(training.beginning(self.head))
        for number in range(len(progress.accuracies), self.chosen.epochs):
            if stop.is_set() or is_exhausted(progress.accuracies, self.chosen):
                logger.info("Stopping after %d epochs", number)
                break
            begun = time.monotonic()
            descent = training.epoch(number, progress.descent)
            progress = progress.after(self.measured(number, training.head(descent), begun), descent)
            self.keep(progress, stop)
        if progress.best is None:
            raise StoppedError("no epoch had ended")
        return progress.best if self.head else self.with_discriminant(progress.best)

    def with_discriminant(self, best: Epoch) -> Epoch:
        """Return the best epoch with the discriminant of the training images in its head.

        It comes after the choice of the best epoch: of the sums, early epochs would seem best. A
        job that starts from an earlier head does without, because that head has a discriminant.
        The lines of the log repeat the epoch's number, so SageMaker's last metric is the model's.
        """
        begun = time.monotonic()
        features, labels = self.train.features, self.train.labels
        added = discriminant(features, labels, self.chosen.num_classes)
        logger.info("Adding the discriminant to the best model")
        return self.measured(best.number, with_discriminant(best.head, added, features), begun)

    def measured(self, number: int, head: Head, begun: float) -> Epoch:
        """Measure a head and log it in the built-in algorithm's words, which SageMaker parses."""
        train = self.train.metrics(head, self.chosen.top_k)
        log_metrics(number, "Train", train)
        logger.info("Epoch[%d] Time cost=%.3f", number, time.monotonic() - begun)
        validation = self.validation.metrics(head, self.chosen.top_k)
        log_metrics(number, "Validation", validation)
        return Epoch(number, head, train, validation)

    def keep(self, progress: Progress, stop: Event) -> None:
        """Log a new best epoch, and write a checkpoint when one is due."""
        assert progress.best
        done = len(progress.accuracies)
        is_best = progress.best.number == done - 1
        if is_best:
            logger.info(
                "Storing the best model with validation accuracy: %f", progress.accuracies[-1]
            )
        frequency = self.chosen.checkpoint_frequency
        if self.checkpoint and (stop.is_set() or (done % frequency == 0 if frequency else is_best)):
            save_arrays(self.checkpoint, {**progress.arrays(), "job": np.array(self.digest)})
            logger.info('Saved checkpoint to "%s"', self.checkpoint)

    def resumed(self) -> Progress | None:
        """Return the progress of an earlier attempt at the same job, if a checkpoint has it."""
        arrays = load_arrays(self.checkpoint, "job", *ARRAYS) if self.checkpoint else {}
        if not arrays:
            return None
        if arrays["job"] != self.digest:
            logger.warning(
                "The checkpoint is of other images or hyperparameters, so it is not used"
            )
            return None
        progress = Progress.from_arrays(arrays)
        logger.info("Resuming from the checkpoint after epoch %d", len(progress.accuracies) - 1)
        return progress

    @cached_property
    def digest(self) -> str:
        """Return a digest of the job: hyperparameters, features, labels and initial head."""
        digest = hashlib.sha256(repr(self.chosen).encode())
        arrays = [
            self.train.features,
            self.train.labels,
            *self.train.views,
            self.validation.features,
            self.validation.labels,
        ]
        arrays += [self.head.weights, self.head.bias] if self.head else []
        for array in arrays:
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()


def log_metrics(number: int, channel: str, metrics: Metrics) -> None:
    """Log the accuracies of an epoch."""
    for name, value in metrics.items():
        if name != "loss":
            logger.info("Epoch[%d] %s-%s=%f", number, channel, name, value)
