"""Check that every Task has a time limit, retries transient errors only, and has a Catch."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.security.gate.templates import ROOT, Data, Finding

LAMBDA = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
}
DYNAMODB = {
    "DynamoDB.AmazonDynamoDBException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
    "DynamoDB.SdkClientException",
}
# What passes by itself, by integration; a function's own errors that do stand below.
PASSING = {
    "lambda:invoke": LAMBDA | {"States.Timeout"},
    "dynamodb:putItem": DYNAMODB | {"States.Timeout"},
    "dynamodb:updateItem": DYNAMODB | {"States.Timeout"},
    "dynamodb:getItem": DYNAMODB | {"States.Timeout"},
    "aws-sdk:s3:headObject": {"S3.S3Exception", "S3.SdkClientException", "States.Timeout"},
    "aws-sdk:s3:getObjectTagging": {"S3.S3Exception", "S3.SdkClientException", "States.Timeout"},
    "aws-sdk:s3:putObjectTagging": {"S3.S3Exception", "S3.SdkClientException", "States.Timeout"},
    "aws-sdk:dynamodb:query": {
        *(name.replace("DynamoDB.", "DynamoDb.") for name in DYNAMODB),
    }
    - {"DynamoDb.AmazonDynamoDBException"}
    | {"DynamoDb.DynamoDbException", "States.Timeout"},
    "aws-sdk:cloudwatch:putMetricData": {
        "CloudWatch.CloudWatchException",
        "CloudWatch.InternalServiceException",
        "CloudWatch.SdkClientException",
        "States.Timeout",
    },
    "events:putEvents": {
        "EventBridge.AmazonEventBridgeException",
        "EventBridge.FailedEntry",
        "EventBridge.InternalException",
        "EventBridge.SdkClientException",
        "States.Timeout",
    },
    # Not its timeout: the nested execution goes on, and would be started a second time.
    "states:startExecution.sync:2": {
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.AWSStepFunctionsException",
        "StepFunctions.SdkClientException",
    },
    # Nor this one's timeout: the message returns to its queue.
    "aws-sdk:sfn:startSyncExecution": {"Sfn.SfnException", "Sfn.SdkClientException"},
}
OWN_PASSING = {
    "serialize_image": {"ImageStoreUnavailableError", "DecoderUnavailableError"},
    "classify_image": {
        "ModelCardUnavailableError",
        "EndpointThrottledError",
        "EndpointUnavailableError",
        "EndpointTimeoutError",
        "EndpointColdStartError",
        "EndpointConcurrencyError",
    },
    "filter_inferences": set[str](),
}
# What each integration must catch itself, besides a function's own errors.
CAUGHT = {
    "lambda:invoke": {"States.DataLimitExceeded", "States.ALL"},
    "dynamodb:putItem": {"DynamoDB.ConditionalCheckFailedException"},
    "dynamodb:updateItem": {"DynamoDB.ConditionalCheckFailedException"},
    "aws-sdk:s3:headObject": {"S3.NoSuchKeyException", "S3.NotFoundException"},
    "aws-sdk:s3:getObjectTagging": {"S3.NoSuchKeyException"},
    "aws-sdk:s3:putObjectTagging": {"S3.NoSuchKeyException"},
}
# Seconds; 10 for all others. An Express execution, which one waits for, lasts 300 at most.
LONGEST_TASK = {
    "states:startExecution.sync:2": 14400,
    "aws-sdk:sfn:startSyncExecution": 300,
    "lambda:invoke": 60,
}
RETRIER = {
    "IntervalSeconds": range(1, 11),
    "MaxAttempts": range(1, 481),
    "BackoffRate": range(2, 11),
    "MaxDelaySeconds": range(1, 61),
}


def check_workflows(definitions: dict[str, Data]) -> Iterator[Finding]:
    """Find states that may hang, give up too early, try for ever, or lose an image."""
    for where, state in states(definitions):
        advice = list(_bounded_map(state)) if state["Type"] == "Map" else []
        if state["Type"] == "Choice" and "Default" not in state:
            advice.append("handle all other input: Default")
        if state["Type"] == "Task":
            advice += [
                *_bounded(state),
                *_retried(where, state),
                *_caught(where, state),
                *_consistent(state),
            ]
        for one in advice:
            yield Finding("statemachine", where, one)


def states(definitions: dict[str, Data]) -> Iterator[tuple[str, Data]]:
    """Yield every state of every workflow, also inside maps, with its path."""

    def walk(where: str, found: Data) -> Iterator[tuple[str, Data]]:
        for name, state in found.items():
            yield f"{where}: {name}", state
            yield from walk(f"{where}: {name}", state.get("ItemProcessor", {}).get("States", {}))

    for workflow, definition in definitions.items():
        yield from walk(workflow, definition["States"])


def integration(state: Data) -> str:
    """Return the integration of a Task, such as lambda:invoke."""
    return str(state["Resource"]).rpartition(":states:::")[2]


@cache  # the mutation test asks for each some hundred times
def own_errors(function: str) -> frozenset[str]:
    """Return the names of error classes in a function's modules, without base classes."""
    sources = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "functions" / function).rglob("*.py")
    ]
    classes = [
        node for source in sources for node in ast.walk(source) if isinstance(node, ast.ClassDef)
    ]
    found = {node.name: node for node in classes if node.name.endswith("Error")}
    return frozenset(found) - {
        base.id for node in found.values() for base in node.bases if isinstance(base, ast.Name)
    }


def function_of(where: str) -> str:
    """The function that a Task invokes: it bears the same words."""
    return where.rpartition(": ")[2].lower().replace(" ", "_")


def _bounded(state: Data) -> Iterator[str]:
    longest = LONGEST_TASK.get(integration(state), 10)
    if not 1 <= state.get("TimeoutSeconds", longest + 1) <= longest:
        yield f"end it in time: TimeoutSeconds of at most {longest}"
    for retrier in state.get("Retry", []):
        for field, bounds in RETRIER.items():
            if retrier.get(field) not in bounds:
                yield f"bound its retries: {field} of {bounds.start} to {bounds.stop - 1}"
        if retrier.get("JitterStrategy") != "FULL":
            yield "spread its retries: JitterStrategy FULL"


def _retried(where: str, state: Data) -> Iterator[str]:
    called = integration(state)
    passing = PASSING[called] | (
        OWN_PASSING[function_of(where)] if called == "lambda:invoke" else set()
    )
    retried = [
        name for retrier in state.get("Retry", []) for name in retrier.get("ErrorEquals", [])
    ]
    # The general error of S3 is caught first: without its status nobody knows whether it passes.
    asked_again = {"S3.S3Exception"} & {
        name for rule in state.get("Catch", []) for name in rule["ErrorEquals"]
    }
    for name in sorted(passing - set(retried) - asked_again):
        yield f"retry {name}, which passes"
    for name in sorted(set(retried) - passing):
        yield f"do not retry {name}, which stays as it is"


def _caught(where: str, state: Data) -> Iterator[str]:
    catches = [catcher["ErrorEquals"] for catcher in state.get("Catch", [])]
    caught = {name for names in catches for name in names}
    wanted = CAUGHT.get(integration(state), set())
    if integration(state) == "lambda:invoke":
        function = function_of(where)
        wanted = wanted | own_errors(function) - OWN_PASSING[function]
    for name in sorted(wanted - caught):
        yield f"catch {name}"
    for name in sorted(name for name in caught - wanted if name.endswith("Error")):
        yield f"do not catch {name}, which nothing raises"
    everything = [names for names in catches if "States.ALL" in names]
    if everything and (everything != [["States.ALL"]] or catches[-1:] != everything):
        yield "let States.ALL stand alone as the last Catch"


def _consistent(state: Data) -> Iterator[str]:
    called, arguments = integration(state), state.get("Arguments", {})
    if (
        called in ("dynamodb:putItem", "dynamodb:updateItem")
        and "ConditionExpression" not in arguments
    ):
        yield "record an outcome once: ConditionExpression"
    if called == "dynamodb:getItem" and arguments.get("ConsistentRead") is not True:
        yield "read the latest write: ConsistentRead"


def _bounded_map(state: Data) -> Iterator[str]:
    for field in ("MaxConcurrency", "ToleratedFailurePercentage"):
        if not state.get(field):
            yield f"bound it: {field}"
