"""Show the resources of a running local cloud."""

import json
import time
from datetime import UTC, datetime
from uuid import uuid4

from localcloud.server.cloud import Cloud
from localcloud.server.ownership import Record
from localcloud.server.status import lines, status

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "Only",
    "States": {"Only": {"Type": "Succeed"}},
}


def test_status_counts_the_executions_of_a_workflow(cloud: Cloud) -> None:
    name = f"status-{uuid4().hex[:8]}"
    cloud.client("cloudformation").create_stack(
        StackName=name, TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    )
    trusted = {"Service": "states.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    role = cloud.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
    )["Role"]
    states = cloud.client("stepfunctions")
    machine = states.create_state_machine(
        name=name, definition=json.dumps(DEFINITION), roleArn=role["Arn"]
    )["stateMachineArn"]
    express = states.create_state_machine(
        name=f"{name}-express",
        definition=json.dumps(DEFINITION),
        roleArn=role["Arn"],
        type="EXPRESS",
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    while states.describe_execution(executionArn=execution)["status"] == "RUNNING":
        time.sleep(0.02)

    found = status(Record(1, 2, cloud.url, datetime.now(UTC).isoformat(), ""))
    for arn in (machine, express):
        states.delete_state_machine(stateMachineArn=arn)
    cloud.client("cloudformation").delete_stack(StackName=name)

    assert {"name": name, "executions": {"SUCCEEDED": 1}} in found["workflows"]
    assert {"name": f"{name}-express", "executions": {}} in found["workflows"]
    assert name in [stack["name"] for stack in found["stacks"]]
    assert f"  workflow   {name}, 1 SUCCEEDED" in list(lines(found))
