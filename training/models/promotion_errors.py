"""Define the errors that prevent the promotion of a model."""

from training.project.errors import TrainingError


class NotComparableError(TrainingError):
    """Train a challenger on the run's own classes and data: the two models are not comparable."""


class NoFairImagesError(TrainingError):
    """Stage images that are new to both models: one of them was trained on every test image."""


class UnknownAncestorError(TrainingError):
    """Train the challenger without --from: its earlier model is not registered."""


class ChallengerRefusedError(TrainingError):
    """The champion stays: the challenger is not shown to be better."""


class ComparisonEndpointError(TrainingError):
    """Run `promote` again: the endpoint of the comparison failed to start."""
