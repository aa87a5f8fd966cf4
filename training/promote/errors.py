"""What keeps a model from being promoted."""

from training.errors import TrainingError


class NotComparableError(TrainingError):
    """The challenger and the champion cannot be compared: train a challenger on classes and data of the run's own."""


class NoFairImagesError(TrainingError):
    """Every test image is one that the champion has learnt from: stage images that are new to it."""


class ChallengerRefusedError(TrainingError):
    """The challenger is not shown to be better than the champion, which stays."""


class ContestEndpointError(TrainingError):
    """The endpoint that the two models are compared on could not be brought into service."""
