"""How often one execution may call an endpoint on instances, read from the workflow and its client."""

from collections.abc import Mapping
from typing import Any

from functions.classify_image.app import ENDPOINT_CONFIG
from functions.classify_image.endpoint import EndpointColdStartError, EndpointConcurrencyError
from functions.classify_image.model_card import ModelCardUnavailableError
from operations.service.workflow_definition import read_definition

SERVERLESS_ERRORS = {EndpointColdStartError.__name__, EndpointConcurrencyError.__name__}
# After these errors no call is repeated: a throttled invocation never runs, and without a model card
# the endpoint is not asked. An endpoint on instances never raises the errors of serverless ones
# (tests/unit/functions/test_serverless.py).
_WITHOUT_CALL = (
    {"Lambda.TooManyRequestsException"},
    {ModelCardUnavailableError.__name__},
    SERVERLESS_ERRORS,
)


def calls_per_execution(workflow: Mapping[str, Any]) -> int:
    """Return the largest number of calls of the endpoint in one execution of a workflow."""
    retriers = workflow["States"]["Classify image"]["Retry"]
    repeating = [one for one in retriers if set(one["ErrorEquals"]) not in _WITHOUT_CALL]
    invocations: int = 1 + sum(one["MaxAttempts"] for one in repeating)
    calls_of_an_invocation: int = vars(ENDPOINT_CONFIG)["retries"]["total_max_attempts"]
    return calls_of_an_invocation * invocations


CALLS_PER_EXECUTION = calls_per_execution(read_definition("image_classification"))
