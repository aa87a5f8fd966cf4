"""CloudFormation works in the role of a stack; a missing permission fails the resource."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudformation, kms, sqs
from ministack.services.cloudformation import changesets, handlers, provisioners

from localcloud.ministack.cloudformation import execution_role
from localcloud.ministack.cloudformation.resource_requests import ACTIONS, NotEmulatedError
from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError
from localcloud.tests.contract.conftest import ACCOUNT, ROLE_ARN, MiniStackInProcess

STACK_ID = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/gate/1"
SERVICE = "cloudformation.amazonaws.com"
MACRO = "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"
TAG = {"StringEquals": {"aws:RequestTag/project": "parcels-company"}}


def allow(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


@pytest.fixture
def stacks(ministack: MiniStackInProcess) -> Iterator[dict[str, Any]]:
    """Create a stack with the role "actor", and a nested stack."""
    tags = [{"Key": "project", "Value": "parcels-company"}]
    records = {
        "gate": {"StackName": "gate", "StackId": STACK_ID, "RoleARN": ROLE_ARN, "Tags": tags},
        "gate-Monitoring-1": {
            "StackName": "gate-Monitoring-1",
            "StackId": "arn:nested",
            "ParentId": STACK_ID,
        },
    }

    for name, record in records.items():
        cloudformation._stacks[name] = record

    yield records
    for name in records:
        cloudformation._stacks.pop(name, None)


def make_queue(stack: str) -> Any:
    return provisioners._provision_resource("AWS::SQS::Queue", "Queue", {}, stack)


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("stack", ["gate", "gate-Monitoring-1"])
def test_resource_is_created_if_the_role_allows_it(
    ministack: MiniStackInProcess, stack: str
) -> None:
    ministack.put_role(
        [allow("sqs:CreateQueue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:gate-*")], SERVICE
    )
    url, _ = make_queue(stack)
    assert url in sqs._queues


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("stack", ["gate", "gate-Monitoring-1"])
def test_resource_that_the_role_does_not_allow_is_not_created(
    ministack: MiniStackInProcess, stack: str
) -> None:
    ministack.put_role(
        [allow("sqs:CreateQueue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:other-*")], SERVICE
    )
    with pytest.raises(RoleDeniedError, match=r"not authorized to perform: sqs:CreateQueue"):
        make_queue(stack)
    assert not sqs._queues


def test_stack_without_a_role_is_deployed_as_before(
    ministack: MiniStackInProcess, stacks: dict[str, Any]
) -> None:
    del stacks["gate"]["RoleARN"]
    ministack.put_role([], SERVICE)
    url, _ = make_queue("gate")
    assert url in sqs._queues


@pytest.mark.usefixtures("stacks")
def test_role_that_does_not_trust_cloudformation_is_refused(ministack: MiniStackInProcess) -> None:
    ministack.put_role(service="lambda.amazonaws.com")
    with pytest.raises(RoleNotAssumedError):
        make_queue("gate")


@pytest.mark.usefixtures("stacks")
def test_new_key_needs_the_permission_for_its_tags(
    ministack: MiniStackInProcess,
) -> None:
    create, keys = allow("kms:CreateKey", "*", **TAG), f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"
    by_resource = {"StringEquals": {"aws:ResourceTag/project": "parcels-company"}}
    ministack.put_role([create, allow("kms:TagResource", keys, **by_resource)], SERVICE)

    with pytest.raises(RoleDeniedError, match="kms:TagResource"):
        provisioners._provision_resource("AWS::KMS::Key", "Key", {}, "gate")

    ministack.put_role([create, allow("kms:TagResource", keys, **TAG)], SERVICE)
    key, _ = provisioners._provision_resource("AWS::KMS::Key", "Key", {}, "gate")

    assert kms._resolve_key(key)


@pytest.mark.usefixtures("stacks")
def test_deletion_needs_the_permission_of_the_role(ministack: MiniStackInProcess) -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:gate-*"
    ministack.put_role([allow("sqs:CreateQueue", queue)], SERVICE)
    url, _ = make_queue("gate")

    with pytest.raises(RoleDeniedError, match="sqs:DeleteQueue"):
        provisioners._delete_resource("AWS::SQS::Queue", url, {}, "gate", "Queue")

    ministack.put_role([allow("sqs:DeleteQueue", queue)], SERVICE)
    provisioners._delete_resource("AWS::SQS::Queue", url, {}, "gate", "Queue")

    assert not sqs._queues


@pytest.mark.usefixtures("stacks")
def test_role_that_is_passed_to_a_service_needs_pass_role(ministack: MiniStackInProcess) -> None:
    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/gate-*"
    ministack.put_role([allow("events:PutRule", rule)], SERVICE)
    target = {"Id": "one", "Arn": "arn:one", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/handed"}

    with pytest.raises(RoleDeniedError, match="iam:PassRole"):
        provisioners._provision_resource(
            "AWS::Events::Rule", "Rule", {"Name": "gate-one", "Targets": [target]}, "gate"
        )


NAMED = {
    "Name": "gate-one",
    "AlarmName": "gate-one",
    "DashboardName": "gate-one",
    "LayerName": "gate-one",
    "StateMachineName": "gate-one",
}
WHOLE = {"LogGroupName": "gate", "Bucket": "gate", "Topics": ["gate"], "Queues": ["gate"]}
PROPERTIES = {**NAMED, **WHOLE, "Budget": {"BudgetName": "gate"}}


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("resource_type", ACTIONS)
def test_role_without_permissions_creates_updates_and_deletes_nothing(
    ministack: MiniStackInProcess, resource_type: str
) -> None:
    ministack.put_role([], SERVICE)
    with pytest.raises(RoleDeniedError):
        execution_role._provision(unreachable, resource_type, "One", PROPERTIES, "gate")

    with pytest.raises(RoleDeniedError):
        execution_role._delete(unreachable, resource_type, "gate-one", PROPERTIES, "gate", "One")

    update = execution_role._checked_update(resource_type, unreachable)
    with pytest.raises(RoleDeniedError):
        update("gate-one", PROPERTIES, {**PROPERTIES, "Description": "new"}, "gate")


def unreachable(*_arguments: Any) -> None:
    pytest.fail("The resource was created, updated or deleted.")


@pytest.mark.usefixtures("stacks")
def test_update_in_place_needs_the_action_of_each_changed_property(
    ministack: MiniStackInProcess,
) -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:gate-*"
    ministack.put_role([allow("sqs:CreateQueue", queue)], SERVICE)
    url, _ = make_queue("gate")
    new = {"VisibilityTimeout": 7}

    with pytest.raises(RoleDeniedError, match="sqs:SetQueueAttributes"):
        provisioners._update_resource("AWS::SQS::Queue", url, {}, new, "gate", "Queue")

    ministack.put_role([allow("sqs:SetQueueAttributes", queue)], SERVICE)
    provisioners._update_resource("AWS::SQS::Queue", url, {}, new, "gate", "Queue")

    assert "7" == str(sqs._queues[url]["attributes"]["VisibilityTimeout"])


@pytest.mark.usefixtures("stacks")
def test_boundary_of_a_role_is_a_condition_of_its_update(ministack: MiniStackInProcess) -> None:
    bounded = {"StringEquals": {"iam:PermissionsBoundary": "arn:boundary"}}
    ministack.put_role([allow("iam:PutRolePolicy", "*", **bounded)], SERVICE)
    update = execution_role._checked_update("AWS::IAM::Role", lambda *arguments: "updated")
    new = {"Policies": [{"PolicyName": "one"}]}

    with pytest.raises(RoleDeniedError, match="iam:PutRolePolicy"):
        update("gate-role", {}, new, "gate")

    boundary = {"PermissionsBoundary": "arn:boundary"}

    assert "updated" == update("gate-role", boundary, {**boundary, **new}, "gate")


@pytest.mark.usefixtures("stacks")
def test_tags_of_a_resource_are_a_condition_of_its_creation(ministack: MiniStackInProcess) -> None:
    owned = {"StringEquals": {"aws:RequestTag/owner": "me"}}
    ministack.put_role([allow("sqs:CreateQueue", "*", **owned)], SERVICE)
    with pytest.raises(RoleDeniedError, match="sqs:CreateQueue"):
        make_queue("gate")
    tags = [{"Key": "owner", "Value": "me"}]
    assert provisioners._provision_resource("AWS::SQS::Queue", "Queue", {"Tags": tags}, "gate")


@pytest.fixture
def refused(ministack: MiniStackInProcess) -> Iterator[str]:
    """Return the name of a new stack."""
    yield "refused"
    stack = cloudformation._stacks.pop("refused")
    cloudformation._stack_events.pop(stack["StackId"])


def operate(operation: str, stack_name: str, **properties: Any) -> list[str]:
    """Create or update a stack with a queue in the role "actor"; return all failure reasons."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": properties}
    params = {
        "StackName": [stack_name],
        "RoleARN": [ROLE_ARN],
        "TemplateBody": [json.dumps({"Resources": {"Queue": queue}})],
    }

    async def run() -> None:
        assert 200 == handlers._ACTION_HANDLERS[operation](params)[0]
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    asyncio.run(run())
    events = cloudformation._stack_events[cloudformation._stacks[stack_name]["StackId"]]

    return [
        event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    ]


def test_stack_in_a_role_without_permissions_rolls_back(
    ministack: MiniStackInProcess, refused: str
) -> None:
    ministack.put_role([], SERVICE)
    [reason] = operate("CreateStack", refused)
    assert "not authorized to perform: sqs:CreateQueue" in reason
    assert "ROLLBACK_COMPLETE" == cloudformation._stacks[refused]["StackStatus"]
    assert not sqs._queues


def test_update_that_the_role_does_not_allow_rolls_back(
    ministack: MiniStackInProcess, refused: str
) -> None:
    ministack.put_role([allow("sqs:CreateQueue", "*")], SERVICE)
    assert [] == operate("CreateStack", refused)
    [reason] = operate("UpdateStack", refused, VisibilityTimeout=7)
    [queue] = sqs._queues.values()
    assert "not authorized to perform: sqs:SetQueueAttributes" in reason
    assert "UPDATE_ROLLBACK_COMPLETE" == cloudformation._stacks[refused]["StackStatus"]
    assert "30" == str(queue["attributes"]["VisibilityTimeout"])


@pytest.mark.usefixtures("stacks")
def test_type_whose_requests_are_not_known_is_not_emulated(ministack: MiniStackInProcess) -> None:
    ministack.put_role(service=SERVICE)
    with pytest.raises(NotEmulatedError, match="AWS::SSM::Parameter"):
        provisioners._provision_resource(
            "AWS::SSM::Parameter", "One", {"Type": "String", "Value": "1"}, "gate"
        )


@pytest.mark.parametrize(
    ("statements", "status"),
    [([], "FAILED"), ([allow("cloudformation:*", MACRO)], "CREATE_COMPLETE")],
)
def test_change_set_needs_the_permission_to_expand_the_macro(
    ministack: MiniStackInProcess, statements: list[dict[str, Any]], status: str
) -> None:
    ministack.put_role(statements, SERVICE)
    queue = {"Type": "AWS::SQS::Queue"}
    body = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Queue": queue}}
    params = {
        "StackName": ["macro"],
        "ChangeSetName": ["first"],
        "ChangeSetType": ["CREATE"],
        "RoleARN": [ROLE_ARN],
        "TemplateBody": [json.dumps(body)],
        "Capabilities.member.1": ["CAPABILITY_AUTO_EXPAND"],
    }

    assert 200 == handlers._ACTION_HANDLERS["CreateChangeSet"](params)[0]
    _, change_set = changesets._find_change_set("first", "macro")
    cloudformation._stacks.pop("macro")
    cloudformation._change_sets.pop(change_set["ChangeSetId"])
    assert status == change_set["Status"]
    assert (f"on resource: {MACRO}" in change_set["StatusReason"]) == (status == "FAILED")


@pytest.mark.usefixtures("stacks")
def test_property_of_a_new_resource_needs_its_own_request(ministack: MiniStackInProcess) -> None:
    group = {"LogGroupName": "/gate/one", "RetentionInDays": 7}
    create = allow("logs:CreateLogGroup", "*")
    ministack.put_role([create], SERVICE)
    with pytest.raises(RoleDeniedError, match="logs:PutRetentionPolicy"):
        provisioners._provision_resource("AWS::Logs::LogGroup", "Group", group, "gate")

    ministack.put_role([create, allow("logs:PutRetentionPolicy", "*")], SERVICE)
    assert provisioners._provision_resource("AWS::Logs::LogGroup", "Group", group, "gate")
