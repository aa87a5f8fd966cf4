"""Run the verbs of the AWS CLI that the documentation names, with an unchanged CLI.

The CLI is version 1, the version on PyPI. `aws logs tail` exists in version 2 only, so a test makes
its calls: ministack/logs/test_tail.py.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from localcloud.server.cloud import Cloud

pytestmark = pytest.mark.long
TEMPLATE = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}
FAILS_AT_FIRST = {
    "QueryLanguage": "JSONata",
    "StartAt": "Only",
    "States": {"Only": {"Type": "Fail", "Error": "Broken"}},
}


def aws(cloud: Cloud, *arguments: str) -> Any:
    """Run a verb; return its output, parsed if it is JSON."""
    ended = subprocess.run(
        ["aws", *arguments],
        env=cloud.environment | {"AWS_PAGER": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.startswith(("{", "[")) else ended.stdout


@pytest.fixture(scope="module")
def stack(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Deploy a stack with `aws cloudformation deploy`; yield its physical names by logical id."""
    name = f"cli-{uuid4().hex[:8]}"
    template = tmp_path_factory.mktemp("template") / "template.yaml"
    template.write_text(TEMPLATE)
    aws(cloud, "cloudformation", "deploy", "--stack-name", name, "--template-file", str(template))
    resources = aws(cloud, "cloudformation", "describe-stack-resources", "--stack-name", name)
    names = {
        one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources["StackResources"]
    }
    yield {**names, "stack": name}
    aws(cloud, "cloudformation", "delete-stack", "--stack-name", name)
    aws(cloud, "cloudformation", "wait", "stack-delete-complete", "--stack-name", name)


def test_cloudformation_shows_a_deployed_stack_and_its_events(
    cloud: Cloud, stack: dict[str, str]
) -> None:
    name = ["--stack-name", stack["stack"]]
    [found] = aws(cloud, "cloudformation", "describe-stacks", *name)["Stacks"]
    events = aws(cloud, "cloudformation", "describe-stack-events", *name)["StackEvents"]
    assert "CREATE_COMPLETE" == found["StackStatus"]
    assert {"Bucket", "Table"} <= {event["LogicalResourceId"] for event in events}


def test_s3_cp_uploads_and_downloads_a_file(
    cloud: Cloud, stack: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sent").write_text("a parcel")
    url = f"s3://{stack['Bucket']}/parcels/my parcel.txt"
    aws(cloud, "s3", "cp", "--quiet", str(tmp_path / "sent"), url)
    assert "a parcel" == aws(cloud, "s3", "cp", url, "-")
    aws(cloud, "s3", "rm", "--quiet", url)


def test_dynamodb_query_and_scan_find_items(cloud: Cloud, stack: dict[str, str]) -> None:
    table = cloud.resource("dynamodb").Table(stack["Table"])
    table.put_item(Item={"id": "one", "verdict": "REVIEW"})
    values = json.dumps({":id": {"S": "one"}})
    condition = ["--key-condition-expression", "id = :id", "--expression-attribute-values", values]
    queried = aws(cloud, "dynamodb", "query", "--table-name", table.name, *condition)
    filtered = ["--filter-expression", "attribute_exists(verdict)", "--select", "COUNT"]
    scanned = aws(cloud, "dynamodb", "scan", "--table-name", table.name, *filtered)
    assert ["REVIEW"] == [item["verdict"]["S"] for item in queried["Items"]]
    assert 1 == scanned["Count"]


def test_lambda_get_account_settings_has_the_concurrency_limit(cloud: Cloud) -> None:
    settings = aws(cloud, "lambda", "get-account-settings")
    assert settings["AccountLimit"]["ConcurrentExecutions"] > 0


def test_sts_assume_role_returns_credentials(cloud: Cloud) -> None:
    trusted = {"AWS": "arn:aws:iam::000000000000:root"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    role = cloud.client("iam").create_role(
        RoleName=f"cli-{uuid4().hex[:8]}",
        AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}),
    )["Role"]
    session = ["--role-arn", role["Arn"], "--role-session-name", "cli"]
    assert "SessionToken" in aws(cloud, "sts", "assume-role", *session)["Credentials"]


def test_logs_verbs_find_events_and_saved_queries(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    name = f"/cli/{uuid4().hex}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    event = {"timestamp": int(time.time() * 1000), "message": "a line"}
    logs.put_log_events(logGroupName=name, logStreamName="one", logEvents=[event])
    logs.put_query_definition(name=name, queryString="fields @message")

    found = aws(cloud, "logs", "filter-log-events", "--log-group-name", name)
    saved = aws(cloud, "logs", "describe-query-definitions", "--query-definition-name-prefix", name)
    assert ["a line"] == [event["message"] for event in found["events"]]
    assert ["fields @message"] == [query["queryString"] for query in saved["queryDefinitions"]]


def test_cloudwatch_get_metric_data_returns_values(cloud: Cloud) -> None:
    space = f"cli/{uuid4().hex}"
    cloud.client("cloudwatch").put_metric_data(
        Namespace=space, MetricData=[{"MetricName": "Parcels", "Value": 7.0}]
    )
    metric = {"Namespace": space, "MetricName": "Parcels"}
    query = {"Id": "parcels", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}
    now = int(time.time())
    window = ["--start-time", str(now - 7200), "--end-time", str(now + 3600)]
    found = aws(
        cloud,
        "cloudwatch",
        "get-metric-data",
        "--metric-data-queries",
        json.dumps([query]),
        *window,
    )
    assert [7.0] == found["MetricDataResults"][0]["Values"]


def test_stepfunctions_redrive_execution_starts_a_failed_execution_again(cloud: Cloud) -> None:
    name = f"cli-{uuid4().hex[:8]}"
    states = cloud.client("stepfunctions")
    role = cloud.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    machine = states.create_state_machine(
        name=name, definition=json.dumps(FAILS_AT_FIRST), roleArn=role
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    wait_for(states, execution)

    aws(cloud, "stepfunctions", "redrive-execution", "--execution-arn", execution)
    assert 1 == wait_for(states, execution)["redriveCount"]
    states.delete_state_machine(stateMachineArn=machine)


def wait_for(states: Any, execution: str) -> dict[str, Any]:
    """Wait until an execution has ended; return its description."""
    deadline = time.monotonic() + 20
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline, "The execution does not end."
        time.sleep(0.05)
    return dict(found)


def test_sagemaker_update_model_package_rejects_a_model(cloud: Cloud) -> None:
    sagemaker = cloud.client("sagemaker")
    group = f"cli-{uuid4().hex[:8]}"
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    change = ["--model-package-arn", package, "--model-approval-status", "Rejected"]
    aws(cloud, "sagemaker", "update-model-package", *change)
    found = sagemaker.describe_model_package(ModelPackageName=package)
    assert "Rejected" == found["ModelApprovalStatus"]
