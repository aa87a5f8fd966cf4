"""Define the errors of states, by the names that Retry and Catch match.

Source: Step Functions Developer Guide, "Handling errors in Step Functions workflows", Error names.
"""

ALL = "States.ALL"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
EXCEED_TOLERATED_FAILURES = "States.ExceedToleratedFailureThreshold"
ITEM_READER_FAILED = "States.ItemReaderFailed"
NO_CHOICE_MATCHED = "States.NoChoiceMatched"
PERMISSIONS = "States.Permissions"
QUERY_EVALUATION = "States.QueryEvaluationError"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
# Workflows must not raise names with this prefix (Amazon States Language, "Error representation").
RESERVED_PREFIX = "States."


class StateError(Exception):
    """A state failed: `error` is the name that Retry and Catch match, `cause` a sentence.

    Both are None for a Fail state without them.
    """

    def __init__(self, error: str | None, cause: str | None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause

    @property
    def output(self) -> dict[str, str]:
        """Return the value of $states.errorOutput in a Catch."""
        return {"Error": self.error or "", "Cause": self.cause or ""}


class ExecutionOverError(Exception):
    """The execution or the branch was ended from outside and must not continue."""


class ExecutionTimedOutError(Exception):
    """The execution ran for longer than the TimeoutSeconds of its state machine."""
