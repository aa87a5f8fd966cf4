"""List the emulated integrations of tasks, by the ARN in Resource.

An optimized integration names errors as version 1 of the Java SDK ("Lambda.AWSLambdaException").
An aws-sdk integration names errors as version 2 ("S3.S3Exception").
"""

import re
from dataclasses import dataclass
from functools import lru_cache

START_SYNC = "StartSyncExecution"
_LAMBDA_FUNCTION = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d+:function:.+")
_SERVICE = re.compile(r"arn:[a-z-]+:states:::(?P<name>.+?)(?P<pattern>\.sync(:2)?)?")


@dataclass(frozen=True)
class Integration:
    """A call that a task makes.

    Args:
        resource: the ARN.
        service: the service, by its IAM prefix.
        operation: the operation in the API, as PutItem.
        action: the IAM action.
        error: the general error of the service, as for a denial.
        pattern: ".sync" or ".sync:2" if the task waits for a job.
        shown_type: resourceType in the history.
        shown: resource in the history.
    """

    resource: str
    service: str
    operation: str
    action: str
    error: str
    pattern: str
    shown_type: str
    shown: str

    @property
    def prefix(self) -> str:
        """Return the prefix of the names of the service's errors."""
        return self.error.partition(".")[0]

    @property
    def is_function(self) -> bool:
        """Return whether the Resource is a Lambda function itself."""
        return self.shown_type == "function"


# By the name in the ARN: the service in IAM, the operation, the action, the general error.
_EMULATED = {
    "lambda:invoke": ("lambda", "Invoke", "lambda:InvokeFunction", "Lambda.AWSLambdaException"),
    "events:putEvents": (
        "events",
        "PutEvents",
        "events:PutEvents",
        "EventBridge.AmazonEventBridgeException",
    ),
    "sqs:sendMessage": ("sqs", "SendMessage", "sqs:SendMessage", "SQS.AmazonSQSException"),
    "sns:publish": ("sns", "Publish", "sns:Publish", "SNS.AmazonSNSException"),
    "states:startExecution": (
        "states",
        "StartExecution",
        "states:StartExecution",
        "StepFunctions.AWSStepFunctionsException",
    ),
    "aws-sdk:sfn:startSyncExecution": (
        "states",
        START_SYNC,
        "states:StartSyncExecution",
        "Sfn.SfnException",
    ),
    "aws-sdk:s3:headObject": ("s3", "HeadObject", "s3:GetObject", "S3.S3Exception"),
    "aws-sdk:s3:listObjectsV2": ("s3", "ListObjectsV2", "s3:ListBucket", "S3.S3Exception"),
    "aws-sdk:dynamodb:query": (
        "dynamodb",
        "Query",
        "dynamodb:Query",
        "DynamoDb.DynamoDbException",
    ),
    "aws-sdk:cloudwatch:putMetricData": (
        "cloudwatch",
        "PutMetricData",
        "cloudwatch:PutMetricData",
        "CloudWatch.CloudWatchException",
    ),
    "aws-sdk:s3:getObjectTagging": (
        "s3",
        "GetObjectTagging",
        "s3:GetObjectTagging",
        "S3.S3Exception",
    ),
    "aws-sdk:s3:putObjectTagging": (
        "s3",
        "PutObjectTagging",
        "s3:PutObjectTagging",
        "S3.S3Exception",
    ),
    "aws-sdk:ssm:getParameter": ("ssm", "GetParameter", "ssm:GetParameter", "Ssm.SsmException"),
}
for _name in ("getItem", "putItem", "updateItem", "deleteItem"):
    _operation = _name[0].upper() + _name[1:]
    _action = f"dynamodb:{_operation}"
    _EMULATED[f"dynamodb:{_name}"] = (
        "dynamodb",
        _operation,
        _action,
        "DynamoDB.AmazonDynamoDBException",
    )
# The calls that a Distributed Map makes itself.
_OF_MAPS = {
    "s3:getObject": ("s3", "GetObject", "s3:GetObject", "S3.S3Exception"),
    "s3:listObjectsV2": ("s3", "ListObjectsV2", "s3:ListBucket", "S3.S3Exception"),
    "s3:putObject": ("s3", "PutObject", "s3:PutObject", "S3.S3Exception"),
}


@lru_cache(1000)
def find_integration(resource: str) -> Integration | None:
    """Return the integration of a task's Resource; None if it is not emulated."""
    if _LAMBDA_FUNCTION.fullmatch(resource):
        found = _EMULATED["lambda:invoke"]
        return Integration(resource, *found, pattern="", shown_type="function", shown=resource)
    return _of(resource, _EMULATED)


@lru_cache(1000)
def find_map_integration(resource: str) -> Integration | None:
    """Return the integration of a reader or writer; None if it is not emulated."""
    return _of(resource, _OF_MAPS)


def _of(resource: str, emulated: dict[str, tuple[str, str, str, str]]) -> Integration | None:
    arn = _SERVICE.fullmatch(resource)
    if arn is None or arn["name"] not in emulated:
        return None

    pattern = arn["pattern"] or ""
    if pattern and arn["name"] != "states:startExecution":
        return None

    shown_type, _, operation = arn["name"].rpartition(":")

    return Integration(
        resource,
        *emulated[arn["name"]],
        pattern=pattern,
        shown_type=shown_type,
        shown=operation + pattern,
    )
