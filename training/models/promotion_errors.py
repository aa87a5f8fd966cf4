"""What keeps a model from being promoted."""

from training.project.errors import TrainingError


class NotComparableError(TrainingError):
    """The challenger and the champion cannot be compared: train a challenger on classes and data of the run's own."""


class NoFairImagesError(TrainingError):
    """The challenger or the champion has learnt from every test image: stage images that are new to both."""


class UnknownAncestorError(TrainingError):
    """The challenger goes on from a model that was never registered, and may know the test images: train it anew."""


class ChallengerRefusedError(TrainingError):
    """The challenger is not shown to be better than the champion, which stays."""


class ComparisonEndpointError(TrainingError):
    """The endpoint that the two models are compared on could not be brought into service."""
