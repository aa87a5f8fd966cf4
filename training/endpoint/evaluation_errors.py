"""What keeps a model from being evaluated, or from passing."""

from training.project.errors import TrainingError


class NoTestImagesError(TrainingError):
    """The dataset has no test images: stage it with a share for them, such as `--split 0.7,0.1,0.1,0.1`."""


class AccuracyTooLowError(TrainingError):
    """The accuracy on the test images is below what was asked for."""
