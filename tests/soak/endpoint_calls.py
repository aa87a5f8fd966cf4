"""Read from the workflow how often one execution may call an endpoint on instances.

An invocation of the function calls the endpoint once (tests/contract/test_workflow_definition.py).
The names of errors are texts here, because the soak runs without the functions' layer.
"""

from collections.abc import Mapping
from typing import Any

from operations.service.workflow_definition import read_definition

SERVERLESS_ERRORS = {"EndpointColdStartError", "EndpointConcurrencyError"}
# After these errors no call is repeated: a throttled invocation never runs, and without a model
# card the function does not call the endpoint. An endpoint on instances never raises the errors of
# serverless ones (tests/unit/functions/test_serverless.py).
_WITHOUT_CALL = (
    {"Lambda.TooManyRequestsException"},
    {"ModelCardUnavailableError"},
    SERVERLESS_ERRORS,
)


def calls_per_execution(workflow: Mapping[str, Any]) -> int:
    """Return the largest number of calls of the endpoint in one execution of a workflow."""
    retriers = workflow["States"]["Classify image"]["Retry"]
    repeating = [one for one in retriers if set(one["ErrorEquals"]) not in _WITHOUT_CALL]
    return 1 + sum(int(one["MaxAttempts"]) for one in repeating)


CALLS_PER_EXECUTION = calls_per_execution(read_definition("image_classification"))
