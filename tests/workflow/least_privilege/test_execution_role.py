"""CloudFormation deploys the service with its execution role, and needs each statement."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from tests.workflow.deployed import Deployed
from tests.workflow.least_privilege.boundary import deployed_roles
from tests.workflow.second_stack import template_url

pytestmark = pytest.mark.long
STACK = "deployed-in-a-role-of-its"  # 25 characters, the longest name
KEPT = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket"}


@dataclass(frozen=True)
class Deployment:
    """Deploy the service as `sam deploy --role-arn`: create and execute a change set."""

    cloud: Cloud
    template: str
    parameters: dict[str, str]

    @property
    def role(self) -> str:
        return self.parameters["ExecutionRoleArn"].rpartition("/")[2]

    @property
    def cloudformation(self) -> Any:
        return self.cloud.client("cloudformation")

    def propose(self) -> dict[str, Any]:
        """Create the change set, and return it as it ends."""
        self.cloudformation.create_change_set(
            StackName=STACK,
            ChangeSetName="deployment",
            ChangeSetType="CREATE",
            TemplateURL=self.template,
            RoleARN=self.parameters["ExecutionRoleArn"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in self.parameters.items()
            ],
            Tags=[{"Key": "project", "Value": "scones-unlimited"}],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        found: dict[str, Any] = self.cloudformation.describe_change_set(
            StackName=STACK, ChangeSetName="deployment"
        )
        return found

    def deploy(self) -> str:
        """Deploy, and return the status in which the stack ends."""
        assert "CREATE_COMPLETE" == self.propose()["Status"]
        self.cloudformation.execute_change_set(StackName=STACK, ChangeSetName="deployment")
        return self.ended(STACK)

    def delete(self) -> dict[str, str]:
        """Delete the stack; return the type of each resource that was kept, by its name."""
        [stack] = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        self.cloudformation.delete_stack(StackName=STACK)
        assert "DELETE_COMPLETE" == self.ended(stack["StackId"])
        return {
            event["PhysicalResourceId"]: event["ResourceType"]
            for event in self.events(stack["StackId"])
            if event["ResourceStatus"] == "DELETE_SKIPPED"
        }

    def ended(self, stack: str) -> str:
        deadline = time.monotonic() + 120
        while True:
            [found] = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                return str(found["StackStatus"])
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def events(self, stack: str) -> list[dict[str, Any]]:
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
        return [event for page in pages for event in page["StackEvents"]]

    @contextmanager
    def without(self, sid: str) -> Iterator[None]:
        """Take a statement out of the role's policy for a while."""
        iam = self.cloud.client("iam")
        [policy] = iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=self.role, PolicyName=policy)["PolicyDocument"]
        less = [statement for statement in document["Statement"] if statement["Sid"] != sid]
        assert len(less) == len(document["Statement"]) - 1
        self._put(policy, {**document, "Statement": less})
        try:
            yield
        finally:
            self._put(policy, document)

    def _put(self, policy: str, document: Any) -> None:
        self.cloud.client("iam").put_role_policy(
            RoleName=self.role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )

    def left(self) -> list[str]:
        """The names of the stack's buckets, tables and usable keys."""
        buckets = [bucket["Name"] for bucket in self.cloud.client("s3").list_buckets()["Buckets"]]
        tables = self.cloud.client("dynamodb").list_tables()["TableNames"]
        kms = self.cloud.client("kms")
        keys = [
            kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]
        ]
        usable = [key["KeyId"] for key in keys if key["Enabled"] and STACK in key["Description"]]
        named = [
            name
            for name in [*buckets, *tables]
            if name.startswith(STACK) and not name.endswith("-template")
        ]
        return [*named, *usable]


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, service: Deployed) -> Deployment:
    outputs = deployed_roles(cloud, STACK)
    parameters = {
        "EndpointName": service.endpoint,
        "Architecture": ARCHITECTURE,
        "Environment": "dev",
        "PermissionsBoundary": outputs["BoundaryArn"],
        "ExecutionRoleArn": outputs["ExecutionRoleArn"],
    }
    return Deployment(cloud, template_url(cloud, service, STACK), parameters)


def test_role_that_may_not_expand_the_macro_gets_no_change_set(deployment: Deployment) -> None:
    with deployment.without("ExpandTemplate"):
        change_set = deployment.propose()
    deployment.delete()
    assert "FAILED" == change_set["Status"]
    assert ":aws:transform/Serverless-2016-10-31" in change_set["StatusReason"]


@pytest.mark.parametrize(
    ("sid", "action"),
    [
        ("TagKey", "kms:TagResource"),
        ("Roles", "iam:CreateRole"),
        ("NestedStacks", "cloudformation:CreateStack"),
    ],
)
def test_deployment_without_a_statement_fails_and_leaves_nothing(
    deployment: Deployment, sid: str, action: str
) -> None:
    with deployment.without(sid):
        status = deployment.deploy()
    refused = [
        event
        for event in deployment.events(STACK)
        if f"not authorized to perform: {action}" in reason(event)
    ]
    assert "ROLLBACK_COMPLETE" == status
    assert [] == deployment.left()
    assert "CREATE_FAILED" in {event["ResourceStatus"] for event in refused}
    assert {} == deployment.delete()


def reason(event: dict[str, Any]) -> str:
    return str(event.get("ResourceStatusReason", ""))


def test_deployment_in_the_role_succeeds_and_its_deletion_retains_images_and_records(
    deployment: Deployment,
) -> None:
    assert "CREATE_COMPLETE" == deployment.deploy()
    kept = deployment.delete()
    assert KEPT == set(kept.values())
    assert set(kept) == set(deployment.left())
