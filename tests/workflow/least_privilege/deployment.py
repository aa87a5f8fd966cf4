"""The policies of a stack as they are deployed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.server.cloud import Cloud
from tests.workflow.least_privilege.policies import Policies, Statement

type Guarded = Iterator[tuple[str, Any]]


@dataclass(frozen=True)
class Deployment:
    """The names of a stack's resources by logical id, and their policies."""

    names: Mapping[str, str]
    policies: Policies

    @property
    def roles(self) -> list[str]:
        """The logical ids of all roles."""
        return sorted(
            {one.owner for one in self.policies.statements if one.guards.startswith("arn:aws:iam:")}
        )


def deployed(cloud: Cloud, stack: str) -> Deployment:
    """Read every policy of a stack's roles, queues, buckets and keys."""
    listed = cloud.client("cloudformation").describe_stack_resources(StackName=stack)[
        "StackResources"
    ]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}
    types = {one["LogicalResourceId"]: one["ResourceType"] for one in listed}
    statements = [
        Statement(logical_id, guards, body)
        for logical_id, resource_type in types.items()
        if resource_type in _READERS
        for guards, document in _READERS[resource_type](cloud, names[logical_id])
        for body in document["Statement"]
    ]
    return Deployment(names, Policies(statements))


def _role(cloud: Cloud, name: str) -> Guarded:
    iam = cloud.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    yield role["Arn"], role["AssumeRolePolicyDocument"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        yield "", iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


def _queue(cloud: Cloud, url: str) -> Guarded:
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    yield attributes["QueueArn"], json.loads(attributes.get("Policy", '{"Statement": []}'))


def _bucket(cloud: Cloud, name: str) -> Guarded:
    yield (
        f"arn:aws:s3:::{name}*",
        json.loads(cloud.client("s3").get_bucket_policy(Bucket=name)["Policy"]),
    )


def _key(cloud: Cloud, key_id: str) -> Guarded:
    kms = cloud.client("kms")
    arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    yield arn, json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])


_READERS: Mapping[str, Callable[[Cloud, str], Guarded]] = {
    "AWS::IAM::Role": _role,
    "AWS::SQS::Queue": _queue,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
}
