"""Errors of the API, by the names in botocore's model of Step Functions."""

from localcloud.api.protocol import InvalidRequestError


class InvalidArnError(InvalidRequestError):
    """The ARN is not one of Step Functions."""

    code = "InvalidArn"


class InvalidDefinitionError(InvalidRequestError):
    """The definition breaks a rule of the Amazon States Language."""

    code = "InvalidDefinition"


class InvalidExecutionInputError(InvalidRequestError):
    """The input of the execution is not JSON."""

    code = "InvalidExecutionInput"


class InvalidNameError(InvalidRequestError):
    """The name has a character that names cannot have."""

    code = "InvalidName"


class InvalidTokenError(InvalidRequestError):
    """The token is not one that an earlier page gave."""

    code = "InvalidToken"


class InvalidLoggingError(InvalidRequestError):
    """The logging configuration is not one that Step Functions takes."""

    code = "InvalidLoggingConfiguration"


class LogDestinationDeniedError(InvalidRequestError):
    """The role of the state machine may not deliver logs."""

    code = "AccessDeniedException"


class RoleNotAssumableError(InvalidRequestError):
    """Step Functions cannot assume the role of the state machine."""

    code = "AccessDeniedException"


class MachineExistsError(InvalidRequestError):
    """There is another state machine of this name."""

    code = "StateMachineAlreadyExists"


class MachineMissingError(InvalidRequestError):
    """There is no such state machine."""

    code = "StateMachineDoesNotExist"


class MachineTypeError(InvalidRequestError):
    """The operation is not for state machines of this type."""

    code = "StateMachineTypeNotSupported"


class ExecutionExistsError(InvalidRequestError):
    """There is another execution of this name."""

    code = "ExecutionAlreadyExists"


class ExecutionMissingError(InvalidRequestError):
    """There is no such execution."""

    code = "ExecutionDoesNotExist"


class NotRedrivableError(InvalidRequestError):
    """The execution cannot be redriven."""

    code = "ExecutionNotRedrivable"


class ResourceMissingError(InvalidRequestError):
    """There is no such resource."""

    code = "ResourceNotFound"


class MissingParameterError(InvalidRequestError):
    """A parameter is missing that the operation needs."""

    code = "MissingRequiredParameter"
