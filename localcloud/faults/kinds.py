"""Define the kinds of faults, and the points where they strike."""

from collections.abc import Mapping

# Descriptions for people; a plan names kinds by these keys.
KINDS: Mapping[str, str] = {
    "endpoint-throttled": (
        "InvokeEndpoint answers 400 ThrottlingException with a null message, as SageMaker does."
    ),
    "endpoint-not-ready": "InvokeEndpoint answers 429 ModelNotReadyException.",
    "endpoint-internal-failure": "InvokeEndpoint answers 500 InternalFailure.",
    "endpoint-unavailable": "InvokeEndpoint answers 503 ServiceUnavailable with a null message.",
    "endpoint-dependency-failed": (
        "InvokeEndpoint answers 530 InternalDependencyException without a body."
    ),
    "endpoint-denied": "InvokeEndpoint answers 403 AccessDeniedException with a null message.",
    "endpoint-refuses": "InvokeEndpoint answers 400 ValidationError with a null message.",
    "endpoint-model-error": "InvokeEndpoint answers 424 ModelError: the container answered 503.",
    "endpoint-silent": "InvokeEndpoint answers nothing until the client gives up.",
    "endpoint-cut-off": "The connection breaks in the middle of InvokeEndpoint's answer.",
    "endpoint-garbage": "InvokeEndpoint answers 200 with bytes that are not a prediction.",
    "endpoint-slow": "InvokeEndpoint answers right, but 0.5 to 1.5 seconds late.",
    "s3-slow-down": "GetObject of a function answers 503 SlowDown.",
    "s3-internal-error": "GetObject of a function answers 500 InternalError.",
    "ssm-throttled": "GetParameter of a function answers 400 ThrottlingException.",
    "lambda-throttled": "Lambda turns the invocation away: TooManyRequestsException.",
    "lambda-killed-before-get-object": (
        "The function's process is killed before S3 gets its GetObject."
    ),
    "lambda-killed-after-get-object": (
        "The function's process is killed before it gets S3's answer to GetObject."
    ),
    "lambda-killed-before-get-parameter": (
        "The function's process is killed before SSM gets its GetParameter."
    ),
    "lambda-killed-after-get-parameter": (
        "The function's process is killed before it gets SSM's answer."
    ),
    "lambda-killed-before-invoke-endpoint": (
        "The function's process is killed before the endpoint is invoked."
    ),
    "lambda-killed-after-invoke-endpoint": (
        "The function's process is killed before it gets the endpoint's answer."
    ),
    "lambda-killed-at-answer": (
        "The function's process is killed when the handler has returned, its answer is lost."
    ),
    "event-duplicated": (
        "An S3 event is delivered two to four times, twice at once and the rest later."
    ),
    "event-late": "An S3 event is delivered one to five seconds late.",
    "event-shuffled": "S3 events of the same two seconds are delivered later, in another order.",
    "event-dead-lettered": (
        "An S3 event does not reach the rule's target and goes to its dead-letter queue."
    ),
    "dynamodb-throttled": (
        "DynamoDB turns a call of a workflow away: ProvisionedThroughputExceededException."
    ),
    "dynamodb-answer-lost": "DynamoDB writes, but the workflow gets a DynamoDB.SdkClientException.",
    "dynamodb-timed-out": "DynamoDB writes, but the workflow gets a States.Timeout.",
    "put-events-failed": (
        "EventBridge does not take the event of a workflow: EventBridge.FailedEntry."
    ),
    "put-events-answer-lost": (
        "EventBridge takes the event, but the workflow gets EventBridge.SdkClientException."
    ),
    "execution-aborted": "An execution is stopped between two calls: ABORTED.",
    "execution-aborted-mid-call": (
        "An execution is stopped during a call, which still has its effect: ABORTED."
    ),
    "execution-timed-out": "An execution runs out of time between two calls: TIMED_OUT.",
}

# A point is the kinds that can strike at one place, in the order of the draws; at most one strikes.
type Point = tuple[str, ...]

GET_OBJECT: Point = ("s3-slow-down", "s3-internal-error")
GET_PARAMETER: Point = ("ssm-throttled",)
INVOKE_ENDPOINT: Point = tuple(kind for kind in KINDS if kind.startswith("endpoint-"))
INVOCATION: Point = ("lambda-throttled", "lambda-killed-at-answer")
EVENT: Point = ("event-duplicated", "event-late", "event-shuffled")
DELIVERY: Point = ("event-dead-lettered",)
EXECUTION: Point = tuple(kind for kind in KINDS if kind.startswith("execution-"))
DYNAMODB_READ: Point = ("dynamodb-throttled",)
DYNAMODB_WRITE: Point = tuple(kind for kind in KINDS if kind.startswith("dynamodb-"))
PUT_EVENTS: Point = tuple(kind for kind in KINDS if kind.startswith("put-events-"))
