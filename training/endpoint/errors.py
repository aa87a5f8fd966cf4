"""Define the endpoint's errors that a user can resolve."""

from training.project.errors import TrainingError


class EndpointTakenError(TrainingError):
    """The endpoint exists and is not this project's: use another --environment, or --take-over."""


class EndpointFailedError(TrainingError):
    """Read the endpoint's log: SageMaker failed to bring the endpoint into service."""


class EndpointStuckError(TrainingError):
    """Run the same command again, or use a larger --timeout: SageMaker is still working."""


class RolledBackError(TrainingError):
    """Read the endpoint's log: SageMaker rolled back to the earlier configuration."""


class AlarmActiveError(TrainingError):
    """Find the cause first, or update without --strategy: an alarm of the update is in ALARM."""


class ServerlessEndpointError(TrainingError):
    """Use --mode realtime: a serverless endpoint serves only one model and no shadow."""


class ServerlessConversionError(TrainingError):
    """SageMaker cannot make an instance-based endpoint serverless: use another --environment."""


class VariantTakenError(TrainingError):
    """Run `scones rollback` first, or name the tested model with --model-data."""


class RoleRefusedError(TrainingError):
    """Check that the role exists and trusts sagemaker.amazonaws.com, and that you may pass it."""


class SmokeTestError(TrainingError):
    """Check the model and the order of its classes: the endpoint failed its smoke test."""
