"""What keeps a model from being evaluated, or from passing."""

from training.errors import TrainingError


class EndpointNotReadyError(TrainingError):
    """The endpoint is not in service: `python -m training deploy` brings it up, `status` says how it is."""


class UnknownVariantError(TrainingError):
    """The endpoint has no such production variant."""


class ModelCardMissingError(TrainingError):
    """The endpoint has no whole model card: `python -m training deploy` writes it."""


class OtherClassesError(TrainingError):
    """The endpoint's model knows other classes than the dataset: deploy a model that was trained on this dataset."""


class NoTestImagesError(TrainingError):
    """The dataset has no test images: stage it with a share for them, such as `--split 0.7,0.1,0.1,0.1`."""


class AccuracyTooLowError(TrainingError):
    """The accuracy on the test images is below what was asked for."""
