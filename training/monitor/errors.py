"""What keeps recent images from being compared with the reference, and what is found if they differ."""

from training.errors import TrainingError


class ReferenceMissingError(TrainingError):
    """There is no reference of the deployed model: `python -m training evaluate` makes it, from the held-out images."""


class InvalidReferenceError(TrainingError):
    """The reference of the deployed model is damaged: `python -m training evaluate` writes it anew."""


class TooFewImagesError(TrainingError):
    """Too few recent images are known to say anything: wait, look further back with --days, or capture more of them."""


class DriftError(TrainingError):
    """Recent images are not as the held-out ones were: docs/operations.md says what to do."""
