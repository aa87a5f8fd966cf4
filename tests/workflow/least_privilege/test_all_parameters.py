"""The template with every parameter set, as a production stack in a VPC has it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from localcloud.server.settings import ACCOUNT, REGION
from tests.workflow.deployed import Deployed
from tests.workflow.least_privilege.boundary import boundary
from tests.workflow.least_privilege.deployment import Deployment, deployed
from tests.workflow.least_privilege.documented import FUNCTIONS, in_a_vpc
from tests.workflow.least_privilege.neighbours import neighbours
from tests.workflow.least_privilege.policies import Policies
from tests.workflow.least_privilege.surplus import surplus
from tests.workflow.second_stack import second_stack

ROOT = Path(__file__).parents[3]
STACK = "all-parameters"
BUCKET = "access-logs"


def key_for_logs(cloud: Cloud) -> str:
    """Create a key that CloudWatch Logs may use for log groups; return its ARN."""
    whole_account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    logs = {"Service": f"logs.{REGION}.amazonaws.com"}
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        for principal in (whole_account, logs)
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(cloud.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def parameters(cloud: Cloud) -> dict[str, str]:
    """A value for every parameter of the template, not its default."""
    ec2 = cloud.client("ec2")
    [vpc, *_] = ec2.describe_vpcs()["Vpcs"]
    [group, *_] = ec2.describe_security_groups()["SecurityGroups"]
    [table, *_] = ec2.describe_route_tables()["RouteTables"]
    return {
        "EndpointName": "another-endpoint",
        "ConfidenceThreshold": "0.9",
        "AuditShare": "0.2",
        "EndpointConcurrency": "4",
        "BacklogPrefix": "old/",
        "WorkflowType": "EXPRESS",
        "LogRetentionInDays": "365",
        "LogLevel": "DEBUG",
        "Architecture": ARCHITECTURE,
        "Environment": "prod",
        "KmsKeyArn": key_for_logs(cloud),
        "PermissionsBoundary": boundary(cloud, STACK),
        "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
        "AccessLogBucket": BUCKET,
        "SubnetIds": ",".join(
            subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]
        ),
        "SecurityGroupIds": group["GroupId"],
        "VpcId": vpc["VpcId"],
        "RouteTableIds": table["RouteTableId"],
        "Tracing": "off",
        "AlarmEmail": "operations@example.com",
        "QuietHours": "2",
        "NormalReviewShare": "0.25",
        "ReviewWithinDays": "14",
        "MonthlyBudget": "100",
    }


@pytest.fixture(scope="module")
def given(cloud: Cloud) -> dict[str, str]:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    return parameters(cloud)


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, service: Deployed, given: dict[str, str]) -> Iterator[Deployment]:
    with second_stack(cloud, service, STACK, given):
        yield deployed(cloud, STACK)


def test_every_parameter_is_given(given: dict[str, str]) -> None:
    template: dict[str, Any] = cfn_yaml.load(str(ROOT / "template.yaml"))
    assert set(template["Parameters"]) == set(given)


def test_vpc_endpoints_exist_for_every_service_that_the_functions_call(
    deployment: Deployment, cloud: Cloud
) -> None:
    endpoints = cloud.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert {"s3", "sagemaker.runtime", "ssm"} == {
        one["ServiceName"].split(".", 3)[3] for one in endpoints
    }


def test_endpoint_concurrency_is_reserved_for_the_function_that_asks_it(
    deployment: Deployment, cloud: Cloud, given: dict[str, str]
) -> None:
    answer = cloud.client("lambda").get_function_concurrency(
        FunctionName=deployment.names["ClassifyImageFunction"]
    )
    assert int(given["EndpointConcurrency"]) == answer["ReservedConcurrentExecutions"]


def test_stack_with_a_given_key_creates_no_key(deployment: Deployment) -> None:
    assert "EncryptionKey" not in deployment.names


@pytest.mark.parametrize("queue", ["FailureQueue", "FailureDeadLetterQueue"])
def test_queue_is_encrypted_with_the_given_key(
    deployment: Deployment, cloud: Cloud, given: dict[str, str], queue: str
) -> None:
    answer = cloud.client("sqs").get_queue_attributes(
        QueueUrl=deployment.names[queue], AttributeNames=["All"]
    )
    assert given["KmsKeyArn"] == answer["Attributes"]["KmsMasterKeyId"]


def test_table_of_production_is_protected_from_deletion(
    deployment: Deployment, cloud: Cloud
) -> None:
    table = cloud.client("dynamodb").describe_table(TableName=deployment.names["ResultsTable"])[
        "Table"
    ]
    assert table["DeletionProtectionEnabled"] is True


def test_functions_may_join_the_vpc_with_the_least_permissions(deployment: Deployment) -> None:
    policies = Policies(
        one for one in deployment.policies.statements if "ec2:" in str(one.body["Action"])
    )
    assert set(FUNCTIONS) == {one.owner for one in policies.statements}
    assert [] == [call for call in in_a_vpc() if not policies.allows(call)]
    assert [] == surplus(policies, in_a_vpc(), [])
    # Which interface it will be nobody knows before; of which account and region, everybody does.
    elsewhere = [
        call for call in neighbours(in_a_vpc(), policies) if "/other-" not in call.resource
    ]
    assert [] == [call for call in elsewhere if policies.allows(call)]


def test_function_code_may_not_change_network_interfaces(deployment: Deployment) -> None:
    source = frozenset(
        {("lambda:sourcefunctionarn", "arn:aws:lambda:us-east-1:000000000000:function:any")}
    )
    calls = {replace(call, conditions=source) for call in in_a_vpc()}
    assert [] == [call for call in calls if deployment.policies.allows(call)]


def test_stack_without_tracing_has_no_permission_to_trace(
    deployment: Deployment, cloud: Cloud
) -> None:
    configurations = [
        cloud.client("lambda").get_function_configuration(FunctionName=f"{STACK}-{function}")
        for function in FUNCTIONS.values()
    ]
    assert {"PassThrough"} == {one["TracingConfig"]["Mode"] for one in configurations}
    actions = [action for one in deployment.policies.statements for action in one.parsed.actions]
    assert [] == [action for action in actions if action.startswith("xray:")]


@pytest.mark.usefixtures("deployment")
def test_budget_has_the_given_limit_and_notifies_the_given_address(
    cloud: Cloud, given: dict[str, str]
) -> None:
    budgets = cloud.client("budgets")
    names = {"AccountId": ACCOUNT, "BudgetName": f"{STACK}-monthly"}
    assert (
        given["MonthlyBudget"]
        == budgets.describe_budget(**names)["Budget"]["BudgetLimit"]["Amount"]
    )
    told = [
        subscriber["Address"]
        for notification in budgets.describe_notifications_for_budget(**names)["Notifications"]
        for subscriber in budgets.describe_subscribers_for_notification(
            **names, Notification=notification
        )["Subscribers"]
    ]
    assert [given["AlarmEmail"]] * 2 == told


@pytest.mark.usefixtures("deployment")
def test_alarm_address_is_subscribed_to_the_topic(cloud: Cloud, given: dict[str, str]) -> None:
    sns = cloud.client("sns")
    [topic] = [
        one["TopicArn"]
        for one in sns.list_topics()["Topics"]
        if one["TopicArn"].endswith(f":{STACK}-alarms")
    ]
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert "email" == subscription["Protocol"]
    assert given["AlarmEmail"] == subscription["Endpoint"]
