"""Define the errors of the API, named as in botocore's model of Step Functions."""

from localcloud.api.protocol import InvalidRequestError


class InvalidArnError(InvalidRequestError):
    """The ARN does not belong to Step Functions."""

    code = "InvalidArn"


class InvalidDefinitionError(InvalidRequestError):
    """The definition breaks a rule of the Amazon States Language."""

    code = "InvalidDefinition"


class InvalidExecutionInputError(InvalidRequestError):
    """The input of the execution is not JSON."""

    code = "InvalidExecutionInput"


class InvalidNameError(InvalidRequestError):
    """The name has a forbidden character."""

    code = "InvalidName"


class InvalidTokenError(InvalidRequestError):
    """The token does not come from an earlier page."""

    code = "InvalidToken"


class InvalidLoggingError(InvalidRequestError):
    """Step Functions refuses the logging configuration."""

    code = "InvalidLoggingConfiguration"


class LogDestinationDeniedError(InvalidRequestError):
    """The role of the state machine lacks permissions to deliver logs."""

    code = "AccessDeniedException"


class RoleNotAssumableError(InvalidRequestError):
    """Step Functions cannot assume the role of the state machine."""

    code = "AccessDeniedException"


class MachineExistsError(InvalidRequestError):
    """Another state machine has this name."""

    code = "StateMachineAlreadyExists"


class MachineMissingError(InvalidRequestError):
    """The state machine does not exist."""

    code = "StateMachineDoesNotExist"


class MachineTypeError(InvalidRequestError):
    """The operation does not support state machines of this type."""

    code = "StateMachineTypeNotSupported"


class ExecutionExistsError(InvalidRequestError):
    """Another execution has this name."""

    code = "ExecutionAlreadyExists"


class ExecutionMissingError(InvalidRequestError):
    """The execution does not exist."""

    code = "ExecutionDoesNotExist"


class NotRedrivableError(InvalidRequestError):
    """The execution cannot be redriven."""

    code = "ExecutionNotRedrivable"


class ResourceMissingError(InvalidRequestError):
    """The resource does not exist."""

    code = "ResourceNotFound"


class MissingParameterError(InvalidRequestError):
    """A required parameter is missing."""

    code = "MissingRequiredParameter"
