"""What can go wrong with an endpoint in ways that a user can do something about."""

from training.project.errors import TrainingError


class EndpointTakenError(TrainingError):
    """The endpoint exists and is not this project's: use another --environment, or --take-over."""


class EndpointFailedError(TrainingError):
    """SageMaker could not bring the endpoint into service."""


class EndpointStuckError(TrainingError):
    """SageMaker takes longer than --timeout; the same command goes on waiting."""


class RolledBackError(TrainingError):
    """SageMaker could not bring the new configuration into service, and went back to the one before."""


class AlarmRingingError(TrainingError):
    """An alarm that is to watch the update has gone off before it: find out why first, or update without --strategy."""


class ServerlessEndpointError(TrainingError):
    """A serverless endpoint holds one model: a second beside it, or a shadow, needs --mode realtime."""


class ServerlessConversionError(TrainingError):
    """SageMaker cannot make an instance-based endpoint serverless: use another --environment."""


class VariantTakenError(TrainingError):
    """The endpoint tests another model as this variant: `rollback` first, or name the same model with --model-data."""


class RoleRefusedError(TrainingError):
    """SageMaker cannot work as the role: does it exist, does it trust sagemaker.amazonaws.com, may you pass it?"""


class SmokeTestError(TrainingError):
    """The endpoint does not answer as the trained model must: the model or the order of the classes is wrong."""
