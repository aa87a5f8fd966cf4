"""List the IAM actions that CloudFormation needs to update a property in place.

Source: the permissions of the update handlers in CloudFormation's resource provider schemas, and
the operations of the services that set each property.
"""

from collections.abc import Iterator, Mapping
from typing import Any

type Properties = Mapping[str, Any]

# By type and property; "" is any other property. A type that is missing here is put again.
BY_PROPERTY = {
    "AWS::CloudFormation::Stack": {"": "cloudformation:UpdateStack"},
    "AWS::CloudWatch::Alarm": {"Tags": "cloudwatch:TagResource", "": "cloudwatch:PutMetricAlarm"},
    "AWS::DynamoDB::Table": {
        "PointInTimeRecoverySpecification": "dynamodb:UpdateContinuousBackups",
        "TimeToLiveSpecification": "dynamodb:UpdateTimeToLive",
        "Tags": "dynamodb:TagResource",
        "": "dynamodb:UpdateTable",
    },
    "AWS::Events::Rule": {"Targets": "events:PutTargets", "": "events:PutRule"},
    "AWS::IAM::Role": {
        "AssumeRolePolicyDocument": "iam:UpdateAssumeRolePolicy",
        "ManagedPolicyArns": "iam:AttachRolePolicy",
        "PermissionsBoundary": "iam:PutRolePermissionsBoundary",
        "Policies": "iam:PutRolePolicy",
        "Tags": "iam:TagRole",
        "": "iam:UpdateRole",
    },
    "AWS::KMS::Key": {
        "Description": "kms:UpdateKeyDescription",
        "Enabled": "kms:EnableKey",
        "EnableKeyRotation": "kms:EnableKeyRotation",
        "RotationPeriodInDays": "kms:EnableKeyRotation",
        "Tags": "kms:TagResource",
        "": "kms:PutKeyPolicy",
    },
    "AWS::Lambda::Function": {
        "Code": "lambda:UpdateFunctionCode",
        "ReservedConcurrentExecutions": "lambda:PutFunctionConcurrency",
        "Tags": "lambda:TagResource",
        "": "lambda:UpdateFunctionConfiguration",
    },
    "AWS::Logs::LogGroup": {
        "KmsKeyId": "logs:AssociateKmsKey",
        "Tags": "logs:TagResource",
        "": "logs:PutRetentionPolicy",
    },
    "AWS::Pipes::Pipe": {"Tags": "pipes:TagResource", "": "pipes:UpdatePipe"},
    "AWS::S3::Bucket": {
        "BucketEncryption": "s3:PutEncryptionConfiguration",
        "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "LoggingConfiguration": "s3:PutBucketLogging",
        "NotificationConfiguration": "s3:PutBucketNotification",
        "OwnershipControls": "s3:PutBucketOwnershipControls",
        "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
        "VersioningConfiguration": "s3:PutBucketVersioning",
        "": "s3:PutBucketTagging",
    },
    "AWS::SNS::Topic": {
        "Subscription": "sns:Subscribe",
        "Tags": "sns:TagResource",
        "": "sns:SetTopicAttributes",
    },
    "AWS::SQS::Queue": {"Tags": "sqs:TagQueue", "": "sqs:SetQueueAttributes"},
    "AWS::StepFunctions::StateMachine": {
        "Tags": "states:TagResource",
        "": "states:UpdateStateMachine",
    },
}


def update_actions(resource_type: str, put: str, old: Properties, new: Properties) -> Iterator[str]:
    """Yield each action once, in the order of the names of the changed properties.

    Args:
        resource_type: CloudFormation's name of the type.
        put: the action that creates such a resource, for types that are put again.
        old: the properties before.
        new: the properties after.
    """
    by_property = BY_PROPERTY.get(resource_type, {"": put})
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    yield from dict.fromkeys(by_property.get(name, by_property[""]) for name in changed)
