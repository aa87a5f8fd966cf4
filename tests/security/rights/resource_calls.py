"""The calls that policies of resources have to allow, and those that assume a role."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from localcloud.server.settings import ACCOUNT, REGION
from tests.contract.execution_role import requests
from tests.contract.execution_role.stack import ARTIFACTS
from tests.security.rights.judgement import WEB_IDENTITY
from tests.security.rights.policies import PROVIDER, REPOSITORY, STACK, TRAINING_BUCKET
from tests.workflow.least_privilege.policies import ADMINISTRATOR, SECURE, Call

ROLES = {one.logical_id for one in STACK.resources if one.type == "AWS::IAM::Role"}
_OVER_TLS = frozenset({(SECURE, "true")})
# An action on a bucket and one on its objects.
_BUCKET_ACTIONS = ("s3:ListBucket", "s3:PutBucketPolicy")
_OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject")
_BUCKETS = {
    "ImageBucketPolicy": STACK.named("ImageBucket").arn,
    "ArtifactBucketPolicy": ARTIFACTS.format(STACK.name).rpartition("/")[0],
    "TrainingBucketPolicy": TRAINING_BUCKET,
}
_ENDPOINTS = {"S3Endpoint": "s3", "SageMakerEndpoint": "sagemaker", "ParameterEndpoint": "ssm"}
_FUNCTION_ROLES = ("SerializeImageRole", "ClassifyImageRole", "FilterInferencesRole")


def assumptions(role: str, service_calls: Iterable[Call]) -> Iterator[Call]:
    """Yield the calls that have to be allowed to assume a role."""
    if role == "DeployRole":
        # GitHub Docs, "Configuring OpenID Connect in Amazon Web Services".
        claims = {"aud": "sts.amazonaws.com", "sub": f"repo:{REPOSITORY}:environment:dev"}
        sent = frozenset(
            (f"token.actions.githubusercontent.com:{claim}", text) for claim, text in claims.items()
        )
        yield Call(PROVIDER, WEB_IDENTITY, "*", sent)
    elif role == "ExecutionRole":
        yield Call("cloudformation.amazonaws.com", "sts:AssumeRole", "*")
    elif role == "SageMakerRole":
        # SageMaker AI developer guide, "Cross-Service Confused Deputy Prevention".
        yield Call(
            "sagemaker.amazonaws.com", "sts:AssumeRole", "*", _source("sagemaker", "<resource>")
        )
    else:
        arn = STACK.named(role).arn
        yield from (replace(call, resource="*") for call in service_calls if call.resource == arn)


def calls(owner: str, service_calls: Iterable[Call]) -> Iterator[Call]:
    """Yield the calls that the policy of a resource has to let pass."""
    if owner in _BUCKETS:
        yield from (
            Call(ADMINISTRATOR, action, _BUCKETS[owner], _OVER_TLS) for action in _BUCKET_ACTIONS
        )
        yield from (
            Call(ADMINISTRATOR, action, f"{_BUCKETS[owner]}/<key>", _OVER_TLS)
            for action in _OBJECT_ACTIONS
        )
    elif owner in _ENDPOINTS:
        yield from (
            replace(call, conditions=frozenset())
            for call in service_calls
            if call.caller in _FUNCTION_ROLES and call.service == _ENDPOINTS[owner]
        )
    elif owner == "EncryptionKey":
        yield from _on_the_key(service_calls)
    elif owner.endswith("QueuePolicy"):
        yield from _to_queue(owner.removesuffix("Policy"))
    elif owner == "AlarmTopicPolicy":
        # CloudWatch User Guide, "Amazon SNS and CloudWatch alarms"; training/endpoint/alarms.py
        # creates and deletes alarms.
        sent = _source("cloudwatch", f"alarm:{STACK.name}-<alarm>")
        yield Call("cloudwatch.amazonaws.com", "sns:Publish", STACK.named("AlarmTopic").arn, sent)
    elif owner == "DecisionLogPolicy":
        yield from _to_log()


def _source(service: str, resource: str) -> frozenset[tuple[str, str]]:
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
    return frozenset({("aws:sourcearn", arn), ("aws:sourceaccount", ACCOUNT)})


def _to_queue(queue: str) -> Iterator[Call]:
    """EventBridge User Guide, "Amazon SQS permissions": a target, or a dead-letter queue."""
    rules = {
        "FailureQueue": ("uploads", "failures"),
        "FailureDeadLetterQueue": ("failures",),
        "ReviewDeadLetterQueue": ("waiting-age", "tags"),
        "DecisionDeadLetterQueue": ("decisions",),
    }
    for rule in rules[queue]:
        source = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{STACK.name}-{rule}"
        arn = STACK.named(queue).arn
        yield Call(
            "events.amazonaws.com", "sqs:SendMessage", arn, frozenset({("aws:sourcearn", source)})
        )


def _to_log() -> Iterator[Call]:
    """EventBridge User Guide, "CloudWatch Logs permissions": opening a stream names no rule."""
    stream = f"{STACK.named('DecisionLogGroup').arn}:<log-stream:name>"
    source = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{STACK.name}-decisions"
    for service in ("events.amazonaws.com", "delivery.logs.amazonaws.com"):
        yield Call(service, "logs:CreateLogStream", stream)
        yield Call(service, "logs:PutLogEvents", stream, frozenset({("aws:sourcearn", source)}))


def _on_the_key(service_calls: Iterable[Call]) -> Iterator[Call]:
    key = STACK.named("EncryptionKey").arn
    for call in service_calls:
        if call.resource == key:
            of_iam = call.caller in ROLES or call.caller == ADMINISTRATOR
            yield _through(call) if of_iam else call
    yield from (Call("ExecutionRole", action, key) for action in by_the_keys_policy())


def by_the_keys_policy() -> set[str]:
    """Return the actions of CloudFormation's schema of a key that its policy must allow."""
    named = requests.named_by_schema("AWS::KMS::Key") - {"kms:CreateKey", "kms:DescribeKey"}
    return {action for action in named if requests.is_used("AWS::KMS::Key", action)}


def _through(call: Call) -> Call:
    """Leave out the encryption context, which the role's own policy asks for."""
    kept = frozenset(
        one for one in call.conditions if not one[0].startswith("kms:encryptioncontext:")
    )
    return replace(call, caller=ADMINISTRATOR, conditions=kept)
