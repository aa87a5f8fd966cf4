"""Calls that AWS makes in the service's roles and a laptop does not, with their documentation."""

from collections.abc import Iterator

from localcloud.server.settings import ACCOUNT, REGION
from tests.workflow.least_privilege.deployment import Deployment
from tests.workflow.least_privilege.policies import ADMINISTRATOR, SECURE, Call

FUNCTIONS = {
    "SerializeImageRole": "serialize-image",
    "ClassifyImageRole": "classify-image",
    "FilterInferencesRole": "filter-inferences",
}
RECORDERS = ["ImageClassificationWorkflowRole", "RecordingWorkflowRole"]
WORKFLOWS = [*RECORDERS, "RecordFailureWorkflowRole", "BacklogWorkflowRole"]
WORKFLOWS += ["WaitingAgeWorkflowRole", "TagVersionWorkflowRole"]


def documented(stack: str, deployment: Deployment) -> set[Call]:
    """Return all calls for a stack with its own key outside of a VPC; `<...>` is any text."""
    return {
        *_of_functions(stack),
        *_of_workflows(deployment),
        *_of_backlogs(stack, deployment),
        *_with_the_key(stack, deployment),
        *_on_the_key(stack, deployment),
    }


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _of_functions(stack: str) -> Iterator[Call]:
    for role, function in FUNCTIONS.items():
        # Lambda, "Sending Lambda function logs to CloudWatch Logs": both, for its log group.
        stream = _arn("logs", f"log-group:/aws/lambda/{stack}-{function}:<log-stream:name>")
        yield from (
            Call(role, f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents")
        )
        # Lambda, "Visualize Lambda function invocations using AWS X-Ray", permissions.
        yield from (
            Call(role, f"xray:{action}", "*")
            for action in ("PutTraceSegments", "PutTelemetryRecords")
        )


def _of_workflows(deployment: Deployment) -> Iterator[Call]:
    bucket = f"arn:aws:s3:::{deployment.names['ImageBucket']}"
    # S3, GetObject and HeadObject, Permissions: a missing key is 404 with s3:ListBucket, else 403.
    for role in ("SerializeImageRole", "TagVersionWorkflowRole", *RECORDERS):
        yield Call(role, "s3:ListBucket", bucket, frozenset({(SECURE, "true")}))
    # Step Functions, "Trace Step Functions request data in AWS X-Ray", IAM policies.
    tracing = ["PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets"]
    for role in WORKFLOWS:
        yield from (Call(role, f"xray:{action}", "*") for action in tracing)


def _of_backlogs(stack: str, deployment: Deployment) -> Iterator[Call]:
    role = "BacklogWorkflowRole"
    # Step Functions, "IAM policies for using Distributed Map states": children, reports in parts.
    workflow = deployment.names["ImageClassificationWorkflow"].rpartition(":")[2]
    for execution in (
        f"{workflow}:<name>",
        f"{stack}-backlog:<name>",
        f"{stack}-backlog/<label>:<name>",
    ):
        for action in ("DescribeExecution", "StopExecution"):
            yield Call(role, f"states:{action}", _arn("states", f"execution:{execution}"))
    report = f"arn:aws:s3:::{deployment.names['ImageBucket']}/backlog/<key>"
    for action in ("ListMultipartUploadParts", "AbortMultipartUpload"):
        yield Call(role, f"s3:{action}", report, frozenset({(SECURE, "true")}))
    # Step Functions, "IAM policies for starting workflow executions", Synchronous.
    rule = _arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
    yield from (
        Call(role, f"events:{action}", rule) for action in ("PutTargets", "PutRule", "DescribeRule")
    )


def _with_the_key(stack: str, deployment: Deployment) -> Iterator[Call]:
    """The calls of a role with the key, through the service that stores its data."""
    names, key = deployment.names, _key(deployment)

    def through(service: str, context: str, value: str) -> frozenset[tuple[str, str]]:
        return frozenset(
            {
                ("kms:viaservice", f"{service}.{REGION}.amazonaws.com"),
                (f"kms:encryptioncontext:{context}", value),
            }
        )

    bucket = f"arn:aws:s3:::{names['ImageBucket']}"
    # S3, "Using server-side encryption with AWS KMS keys": the bucket key's, else the object's ARN.
    for arn in (bucket, f"{bucket}/uploads/<key>", f"{bucket}/archive/<key>"):
        yield Call("SerializeImageRole", "kms:Decrypt", key, through("s3", "aws:s3:arn", arn))
    for arn in (bucket, f"{bucket}/backlog/<key>"):
        for action in ("Decrypt", "GenerateDataKey"):
            yield Call(
                "BacklogWorkflowRole", f"kms:{action}", key, through("s3", "aws:s3:arn", arn)
            )
    # DynamoDB, "Encryption at rest: how it works": users of the table decrypt its key.
    for role in (*RECORDERS, "WaitingAgeWorkflowRole", "TagVersionWorkflowRole"):
        table = through("dynamodb", "aws:dynamodb:tablename", names["ResultsTable"])
        yield Call(role, "kms:Decrypt", key, table)
    # SQS, "Key management", Configure KMS permissions for consumers.
    queue = _arn("sqs", names["FailureQueue"].rpartition("/")[2])
    yield Call("FailurePipeRole", "kms:Decrypt", key, through("sqs", "aws:sqs:arn", queue))
    # Lambda, "Securing Lambda environment variables": decrypted in the function's role.
    for role, function in FUNCTIONS.items():
        arn = _arn("lambda", f"function:{stack}-{function}")
        yield Call(role, "kms:Decrypt", key, through("lambda", "aws:lambda:functionarn", arn))


def _on_the_key(stack: str, deployment: Deployment) -> Iterator[Call]:
    """The calls of people and of AWS's services with the key."""
    key = _key(deployment)
    # CloudFormation's schema of AWS::KMS::Key, "handlers", and a cancelled deletion.
    administration = [
        "DescribeKey",
        "GetKeyPolicy",
        "PutKeyPolicy",
        "GetKeyRotationStatus",
        "EnableKeyRotation",
    ]
    administration += [
        "DisableKeyRotation",
        "EnableKey",
        "DisableKey",
        "UpdateKeyDescription",
        "ListResourceTags",
    ]
    administration += ["TagResource", "UntagResource", "ScheduleKeyDeletion", "CancelKeyDeletion"]
    yield from (Call(ADMINISTRATOR, f"kms:{action}", key) for action in administration)
    # DynamoDB, "Managing encrypted tables": CreateTable encrypts with the key and creates a grant.
    # Lambda does the same for environment variables.
    use = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"]
    for action in use:
        yield Call(ADMINISTRATOR, f"kms:{action}", key, frozenset({_via("dynamodb")}))
    for service in ("dynamodb", "lambda"):
        lent = frozenset({_via(service), ("kms:grantisforawsresource", "true")})
        yield Call(ADMINISTRATOR, "kms:CreateGrant", key, lent)
    # CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS KMS", Step 2.
    groups = [f"/aws/lambda/{stack}-{function}" for function in FUNCTIONS.values()]
    groups += [
        f"/aws/vendedlogs/states/{stack}-{name}"
        for name in (
            "image-classification",
            "record-failure",
            "backlog",
            "waiting-age",
            "tag-version",
        )
    ]
    groups.append(f"/aws/events/{stack}-decisions")
    for group in groups:
        context = frozenset(
            {("kms:encryptioncontext:aws:logs:arn", _arn("logs", f"log-group:{group}"))}
        )
        for action in (*use, "DescribeKey"):
            yield Call(f"logs.{REGION}.amazonaws.com", f"kms:{action}", key, context)
    # EventBridge, "Amazon EventBridge targets", and SQS, "Key management", Configure KMS
    # permissions for AWS services: neither documents a condition key of the source.
    for name in (
        deployment.names["FailureQueue"].rpartition("/")[2],
        deployment.names["FailureDeadLetterQueue"].rpartition("/")[2],
        deployment.names["ReviewDeadLetterQueue"].rpartition("/")[2],
        f"{stack}-Monitor<ing-random-DecisionDeadLetterQueue-random>",
    ):
        context = frozenset({("kms:encryptioncontext:aws:sqs:arn", _arn("sqs", name))})
        for action in ("GenerateDataKey", "Decrypt"):
            yield Call("events.amazonaws.com", f"kms:{action}", key, context)
    # SNS, "Managing Amazon SNS encryption keys and costs", Enable compatibility between event
    # sources and encrypted topics. The encryption context: SNS Developer Guide, "Setting up Amazon
    # SNS topic encryption".
    context = frozenset(
        {("kms:encryptioncontext:aws:sns:topicarn", _arn("sns", f"{stack}-alarms"))}
    )
    for action in ("GenerateDataKey", "Decrypt"):
        yield Call("cloudwatch.amazonaws.com", f"kms:{action}", key, context)


def in_a_vpc() -> set[Call]:
    """Return the calls of Lambda, not of the functions' code, that attach functions to a VPC.

    Lambda, "Giving Lambda functions access to resources in an Amazon VPC", Required permissions.
    """
    interface = _arn("ec2", "network-interface/<id>")
    changes = ["CreateNetworkInterface", "DeleteNetworkInterface"]
    changes += ["AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"]
    looks = ["DescribeNetworkInterfaces", "DescribeSubnets"]
    return {
        *(Call(role, f"ec2:{action}", interface) for role in FUNCTIONS for action in changes),
        *(Call(role, f"ec2:{action}", "*") for role in FUNCTIONS for action in looks),
    }


def _key(deployment: Deployment) -> str:
    return _arn("kms", f"key/{deployment.names['EncryptionKey']}")


def _via(service: str) -> tuple[str, str]:
    return ("kms:viaservice", f"{service}.{REGION}.amazonaws.com")
