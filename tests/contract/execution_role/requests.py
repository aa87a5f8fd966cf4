"""Build CloudFormation's requests as the execution role from its resource schemas."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from localcloud.server.settings import REGION
from tests.contract.execution_role.stack import ARTIFACTS, BOUNDARY, Resource, Stack
from tests.security.gate.policies import OF_COMPOSITE_ALARMS, WITHOUT_RESOURCE
from tests.workflow.least_privilege.policies import Call

ROLE = "ExecutionRole"
TRANSFORM = f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"
# Handler permissions that the service's stack never uses, as patterns, by the reason.
NOT_USED = {
    "images and records outlive the stack, and an empty bucket needs no more": "s3:DeleteObject",
    "roles have policies of their own, and a boundary that stays": """
        iam:AttachRolePolicy iam:DetachRolePolicy iam:DeleteRolePermissionsBoundary
        iam:CreateServiceLinkedRole""",
    "functions in a VPC are deployed by users who may change the VPC": "ec2:*",
    "the bucket is no more than private, versioned, encrypted and logged": """
        s3:*Acl s3:*Abac s3:*CORS s3:*Cors s3:*Website s3:*Analytics* s3:*Metrics* s3:*Inventory*
        s3:*IntelligentTiering* s3:*Accelerate* s3:*Replication* s3:*ObjectLock* s3:*Metadata*
        s3tables:*
        s3:DeleteBucketEncryption s3:DeleteBucketLifecycle""",
    "the table is not imported, replicated, streamed or expired, and stays with its key": """
        dynamodb:*Import* dynamodb:*Replica dynamodb:*ableKinesis* dynamodb:UpdateKinesis* kinesis:*
        dynamodb:*Item dynamodb:Query dynamodb:Scan dynamodb:UpdateTimeToLive
        dynamodb:UpdateContributorInsights
        dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy kms:ListAliases kms:RevokeGrant
        logs:*LogStream* logs:PutLogEvents""",
    "functions have no file system, code signing, capacity provider, version or alias": """
        elasticfilesystem:* s3files:* lambda:*eFunctionCodeSigningConfig
        lambda:PutFunctionCodeSigningConfig
        lambda:GetCodeSigningConfig lambda:PassCapacityProvider lambda:PublishVersion
        lambda:AssociateRuntimeAlias
        lambda:PutFunctionRecursionConfig lambda:PutFunctionScalingConfig
        lambda:PutRuntimeManagementConfig""",
    "logs and topics have no data protection, index or delivery of their own": """
        logs:*LogDeliver* logs:DeleteDataProtectionPolicy logs:PutDataProtectionPolicy
        logs:DeleteIndexPolicy
        logs:PutIndexPolicy logs:PutBearerTokenAuthentication logs:PutLogGroupDeletionProtection
        s3:REST.PUT.OBJECT
        firehose:* sns:PutDataProtectionPolicy""",
    "nested stacks have no stack policy or protection, budgets no billing view": """
        cloudformation:GetStackPolicy cloudformation:SetStackPolicy
        cloudformation:UpdateTerminationProtection
        billing:GetBillingViewData""",
}
# Permissions that a type needs only for features that our resources of this type do not use.
NOT_USED_BY = {
    "AWS::CloudFormation::Stack": "iam:*",  # a nested stack is made in its parent's role
    "AWS::DynamoDB::Table": "logs:* s3:*",  # import
    "AWS::Pipes::Pipe": "kms:* logs:* s3:*",  # a key and logs of the pipe's own
    "AWS::S3::Bucket": "iam:*",  # replication
    "AWS::SNS::Topic": "iam:*",  # logs of deliveries
    "AWS::StepFunctions::StateMachine": "kms:*",  # a key of the workflow's own
}
# Whom the role of such a resource is handed to, and one such role.
_PASSED = {
    "AWS::Events::Rule": ("events.amazonaws.com", "UploadRuleRole"),
    "AWS::Lambda::Function": ("lambda.amazonaws.com", "ClassifyImageRole"),
    "AWS::Pipes::Pipe": ("pipes.amazonaws.com", "FailurePipeRole"),
    "AWS::StepFunctions::StateMachine": ("states.amazonaws.com", "ImageClassificationWorkflowRole"),
}
_BOUNDED = {"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
_PROJECT = frozenset({("aws:requesttag/project", "scones-unlimited")})
_DATA_KEY = {"kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}


def named_by_schema(resource_type: str) -> set[str]:
    """Return every permission that the handlers of a type name."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema["handlers"]
    return {
        action
        for handler in ("create", "read", "update", "delete")
        for action in handlers.get(handler, {}).get("permissions", [])
    }


def is_used(resource_type: str, action: str) -> bool:
    """Return whether the service's resources of a type need a permission that its schema names."""
    patterns = [pattern for listed in NOT_USED.values() for pattern in listed.split()]
    patterns += NOT_USED_BY.get(resource_type, "").split()
    return not any(fnmatchcase(action, pattern) for pattern in patterns)


def requests(stack: Stack) -> set[Call]:
    """Return every request for a stack, with documented conditions and the stack's ARNs."""
    found = {
        call
        for resource in stack.resources
        for action in named_by_schema(resource.type)
        if is_used(resource.type, action)
        for call in _calls(stack, resource, action)
    }
    # The macro of SAM: named by no schema. The function's code signing is read though it has none.
    found.add(Call(ROLE, "cloudformation:CreateChangeSet", TRANSFORM))
    return found


def _calls(stack: Stack, resource: Resource, action: str) -> Iterator[Call]:
    key = stack.named("EncryptionKey").arn
    artifact = ARTIFACTS.format(stack.name)
    service = action.partition(":")[0]
    if action == "iam:PassRole":
        principal, role = _PASSED[resource.type]
        yield Call(
            ROLE, action, stack.named(role).arn, frozenset({("iam:passedtoservice", principal)})
        )
    elif action in WITHOUT_RESOURCE | OF_COMPOSITE_ALARMS["cloudwatch:PutCompositeAlarm"]:
        yield Call(ROLE, action, "*", _PROJECT if action == "kms:CreateKey" else frozenset())
    elif service == "kms":
        if (
            resource.type == "AWS::KMS::Key" and action == "kms:TagResource"
        ):  # of the key to come, which has no policy yet
            yield Call(ROLE, action, key.rpartition("/")[0] + "/*", _PROJECT)
        yield Call(ROLE, action, key, _conditions_of_key(resource, action))
    elif service == "s3" and action in ("s3:GetObject", "s3:GetObjectVersion"):
        yield Call(ROLE, action, artifact)
    elif action == "lambda:GetLayerVersion":
        yield Call(ROLE, action, f"{stack.named('ObservabilityLayer').arn}:1")
    elif action in _BOUNDED:
        yield Call(
            ROLE,
            action,
            resource.arn,
            frozenset({("iam:permissionsboundary", BOUNDARY.format(stack.name))}),
        )
    else:
        yield Call(ROLE, action, resource.arn)


def _conditions_of_key(resource: Resource, action: str) -> frozenset[tuple[str, str]]:
    """Return the context of a request for the key, without tags, which may take five minutes."""
    if resource.type == "AWS::KMS::Key" or action not in _DATA_KEY:
        return frozenset()
    service, context = {
        "AWS::DynamoDB::Table": (
            "dynamodb",
            ("kms:encryptioncontext:aws:dynamodb:tablename", resource.name),
        ),
        "AWS::Lambda::Function": (
            "lambda",
            ("kms:encryptioncontext:aws:lambda:functionarn", resource.arn),
        ),
    }[resource.type]
    via = ("kms:viaservice", f"{service}.{REGION}.amazonaws.com")
    if action == "kms:CreateGrant":
        return frozenset({via, ("kms:grantisforawsresource", "true")})
    return frozenset({via, context})
