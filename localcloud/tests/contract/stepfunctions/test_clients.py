"""Use the local Step Functions as clients: signed requests, and their permissions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "Only",
    "States": {"Only": {"Type": "Pass", "Output": "{% $states.input.a + 1 %}", "End": True}},
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="module")
def machine_arn(cloud: Cloud) -> Iterator[str]:
    """An EXPRESS state machine."""
    role = cloud.client("iam").create_role(
        RoleName="states-clients", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    states = cloud.client("stepfunctions")
    created = states.create_state_machine(
        name="clients",
        definition=json.dumps(DEFINITION),
        roleArn=role["Role"]["Arn"],
        type="EXPRESS",
    )
    yield created["stateMachineArn"]
    states.delete_state_machine(stateMachineArn=created["stateMachineArn"])


@pytest.fixture(scope="module")
def reader(cloud: Cloud) -> Any:
    """A client of a user who may describe state machines and nothing else."""
    iam = cloud.client("iam")
    iam.create_user(UserName="states-reader")
    allowed = {"Effect": "Allow", "Action": "states:Describe*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="states-reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="states-reader")["AccessKey"]

    return cloud.client("stepfunctions", key["AccessKeyId"], key["SecretAccessKey"])


def test_client_gets_the_output_of_a_synchronous_execution(cloud: Cloud, machine_arn: str) -> None:
    states = cloud.client("stepfunctions")
    answer = states.start_sync_execution(stateMachineArn=machine_arn, input='{"a": 1}')
    assert "2" == answer["output"]
    assert answer["startDate"] <= answer["stopDate"]


def test_user_does_only_what_a_policy_allows(reader: Any, machine_arn: str) -> None:
    assert "ACTIVE" == reader.describe_state_machine(stateMachineArn=machine_arn)["status"]
    denied = f"not authorized to perform: states:StartExecution on resource: {machine_arn}"
    with pytest.raises(ClientError, match=denied):
        reader.start_execution(stateMachineArn=machine_arn)


def test_definition_is_refused_with_aws_error(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    with pytest.raises(states.exceptions.InvalidDefinition, match="SCHEMA_VALIDATION_FAILED"):
        states.create_state_machine(
            name="no", definition="{}", roleArn="arn:aws:iam::000000000000:role/no"
        )


def test_missing_execution_is_refused_with_aws_error(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    arn = "arn:aws:states:us-east-1:000000000000:execution:no:no"
    with pytest.raises(states.exceptions.ExecutionDoesNotExist):
        states.describe_execution(executionArn=arn)


def test_single_state_is_tested_with_a_mock(cloud: Cloud) -> None:
    answer = cloud.client("stepfunctions").test_state(
        definition=json.dumps(DEFINITION), stateName="Only", input='{"a": 1}'
    )
    assert "2" == answer["output"]


def passing_user(cloud: Cloud, name: str, passed_to: str | None) -> Any:
    """Return a client of a user who may create and update state machines and pass roles."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    actions = ["states:CreateStateMachine", "states:UpdateStateMachine"]
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    if passed_to:
        condition = {"StringEquals": {"iam:PassedToService": passed_to}}
        allow = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
        statements.append({**allow, "Condition": condition})

    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="create", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    return cloud.client("stepfunctions", key["AccessKeyId"], key["SecretAccessKey"])


@pytest.mark.parametrize("passed_to", [None, "lambda.amazonaws.com"])
def test_caller_who_may_not_pass_the_role_cannot_use_it(
    cloud: Cloud, machine_arn: str, passed_to: str | None
) -> None:
    client = passing_user(cloud, f"not-passing-{passed_to}", passed_to)
    root = cloud.client("stepfunctions")
    role_arn = root.describe_state_machine(stateMachineArn=machine_arn)["roleArn"]
    message = rf"AccessDeniedException.*iam:PassRole on resource: {role_arn}"

    with pytest.raises(ClientError, match=message):
        client.create_state_machine(
            name="passed", definition=json.dumps(DEFINITION), roleArn=role_arn
        )

    with pytest.raises(ClientError, match=message):
        client.update_state_machine(stateMachineArn=machine_arn, roleArn=role_arn)

    client.update_state_machine(stateMachineArn=machine_arn, definition=json.dumps(DEFINITION))


def test_caller_who_may_pass_the_role_to_step_functions_creates_a_state_machine(
    cloud: Cloud, machine_arn: str
) -> None:
    client = passing_user(cloud, "passing", "states.amazonaws.com")
    root = cloud.client("stepfunctions")
    role_arn = root.describe_state_machine(stateMachineArn=machine_arn)["roleArn"]
    created = client.create_state_machine(
        name="passed", definition=json.dumps(DEFINITION), roleArn=role_arn
    )
    root.delete_state_machine(stateMachineArn=created["stateMachineArn"])


def test_role_that_does_not_exist_is_refused(cloud: Cloud) -> None:
    message = "AccessDeniedException.*authorized to assume the provided role"
    with pytest.raises(ClientError, match=message):
        cloud.client("stepfunctions").create_state_machine(
            name="without-role",
            definition=json.dumps(DEFINITION),
            roleArn="arn:aws:iam::000000000000:role/missing",
        )
