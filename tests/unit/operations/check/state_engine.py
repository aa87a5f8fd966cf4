"""TestState for tests, as the local cloud answers it.

Answers have the form of the developer guide, "Testing state machines with TestState API".
"""

from typing import Any

from botocore.exceptions import ClientError

from localcloud.api.protocol import InvalidRequestError
from localcloud.stepfunctions.api import single_state


def answer_test_state(parameters: dict[str, Any]) -> dict[str, Any]:
    """Run one state; return what TestState would answer.

    Raises:
        ClientError: the state cannot be found, or must have a mock and has none, or must not.
    """
    try:
        return single_state.answer_test_state(parameters)
    except InvalidRequestError as exc:
        refusal = {"Error": {"Code": exc.code, "Message": exc.message}}
        raise ClientError(refusal, "TestState") from exc  # type: ignore[arg-type]
