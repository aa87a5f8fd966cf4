"""A workflow can do what its role allows, and nothing else."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch, dynamodb
from ministack.services.cloudformation import provisioners

from localcloud.stepfunctions.api_errors import RoleNotAssumableError
from localcloud.tests.contract.conftest import ROLE_ARN, STATE_MACHINE_ARN, WORKFLOW_ROLE_ARN

TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/results"
PUT_ITEM = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:putItem",
    "Arguments": {"TableName": "results", "Item": {"id": {"S": "1"}}},
    "End": True,
}


NOT_ASSUMABLE = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is "
    "authorized to assume the provided role"
)
UNTRUSTING: list[dict[str, Any]] = [
    {"service": "lambda.amazonaws.com"},
    {"condition": {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:*:stateMachine:other"}}},
]


def _allow(action: str, resource: str) -> list[dict[str, str]]:
    return [{"Effect": "Allow", "Action": action, "Resource": resource}]


@pytest.fixture(autouse=True)
def results_table(ministack: Any) -> None:
    dynamodb._create_table(
        {
            "TableName": "results",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )


def _items() -> int:
    return int(json.loads(dynamodb._scan({"TableName": "results"})[2])["Count"])


def test_task_allowed_by_the_role_is_done(ministack: Any) -> None:
    ministack.put_role(_allow("dynamodb:PutItem", TABLE_ARN))
    assert "SUCCEEDED" == ministack.run({"Put": PUT_ITEM}).status
    assert 1 == _items()


def test_task_on_another_resource_is_denied_and_not_done(ministack: Any) -> None:
    ministack.put_role(_allow("dynamodb:PutItem", TABLE_ARN + "-other"))
    execution = ministack.run({"Put": PUT_ITEM})
    assert "DynamoDB.AmazonDynamoDBException" == execution.error
    assert 0 == _items()


def test_denied_task_names_the_role_the_action_and_the_resource(ministack: Any) -> None:
    ministack.put_role([])
    cause = ministack.run({"Put": PUT_ITEM}).cause
    assert "assumed-role/actor/" in cause
    assert f"is not authorized to perform: dynamodb:PutItem on resource: {TABLE_ARN}" in cause


def test_explicit_deny_wins(ministack: Any) -> None:
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    ministack.put_role([*_allow("*", "*"), deny])
    assert "with an explicit deny" in ministack.run({"Put": PUT_ITEM}).cause


def test_denied_task_can_be_caught(ministack: Any) -> None:
    ministack.put_role([])
    catch = [{"ErrorEquals": ["DynamoDB.AmazonDynamoDBException"], "Next": "Denied"}]

    assert (
        "SUCCEEDED"
        == ministack.run(
            {"Put": {**PUT_ITEM, "Catch": catch}, "Denied": {"Type": "Succeed"}}
        ).status
    )


@pytest.mark.parametrize("trust", UNTRUSTING)
def test_task_fails_once_its_role_does_not_trust_the_workflow(
    ministack: Any, trust: dict[str, Any]
) -> None:
    ministack.put_role()
    ministack.put_state_machine({"Put": PUT_ITEM})
    ministack.put_role(**trust)
    execution = ministack.start()
    assert execution.ended.wait(30)
    assert "States.Permissions" == execution.error


@pytest.mark.parametrize("trust", [None, *UNTRUSTING])
def test_state_machine_whose_role_cannot_be_assumed_is_not_created(
    ministack: Any, trust: dict[str, Any] | None
) -> None:
    if trust is not None:
        ministack.put_role(**trust)
    with pytest.raises(RoleNotAssumableError, match=NOT_ASSUMABLE) as raised:
        ministack.put_state_machine({"Put": PUT_ITEM})
    assert "AccessDeniedException" == raised.value.code
    assert {} == ministack.app.store.machines


def test_state_machine_is_not_updated_to_a_role_that_cannot_be_assumed(ministack: Any) -> None:
    ministack.put_role()
    ministack.put_state_machine({"Put": PUT_ITEM})
    request = {"stateMachineArn": STATE_MACHINE_ARN, "roleArn": WORKFLOW_ROLE_ARN}
    with pytest.raises(RoleNotAssumableError, match=NOT_ASSUMABLE):
        ministack.app.machines("us-east-1").update(request)
    assert ROLE_ARN == ministack.app.store.machines[STATE_MACHINE_ARN].revision.role_arn


def test_stack_with_a_role_that_cannot_be_assumed_fails(ministack: Any) -> None:
    ministack.put_role(service="lambda.amazonaws.com")
    definition = {"QueryLanguage": "JSONata", "StartAt": "Put", "States": {"Put": PUT_ITEM}}
    properties = {"Definition": definition, "RoleArn": ROLE_ARN}

    with pytest.raises(ValueError, match=NOT_ASSUMABLE):
        provisioners._provision_resource(
            "AWS::StepFunctions::StateMachine", "One", properties, "stack"
        )


@pytest.mark.parametrize(
    ("resource", "arguments", "allowed", "error"),
    [
        (
            "arn:aws:states:::lambda:invoke",
            {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f", "Payload": {}},
            ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f"),
            "Lambda.AWSLambdaException",
        ),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            {},
            ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f"),
            "Lambda.AWSLambdaException",
        ),
        (
            "arn:aws:states:::sqs:sendMessage",
            {"QueueUrl": "http://127.0.0.1/000000000000/queue", "MessageBody": "text"},
            ("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:queue"),
            "SQS.AmazonSQSException",
        ),
        (
            "arn:aws:states:::sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:000000000000:topic", "Message": "text"},
            ("sns:Publish", "arn:aws:sns:us-east-1:000000000000:topic"),
            "SNS.AmazonSNSException",
        ),
        (
            "arn:aws:states:::states:startExecution",
            {
                "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:child",
                "Input": {},
            },
            ("states:StartExecution", "arn:aws:states:us-east-1:000000000000:stateMachine:child"),
            "StepFunctions.AWSStepFunctionsException",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:listObjectsV2",
            {"Bucket": "bucket"},
            ("s3:ListBucket", "arn:aws:s3:::bucket"),
            "S3.S3Exception",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:headObject",
            {"Bucket": "bucket", "Key": "parcels/a"},
            ("s3:GetObject", "arn:aws:s3:::bucket/parcels/a"),
            "S3.S3Exception",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:headObject",
            {"Bucket": "bucket", "Key": "parcels/a", "VersionId": "v1"},
            ("s3:GetObjectVersion", "arn:aws:s3:::bucket/parcels/a"),
            "S3.S3Exception",
        ),
        *(
            (
                f"arn:aws:states:::aws-sdk:s3:{way}ObjectTagging",
                {"Bucket": "bucket", "Key": "parcels/a", "VersionId": "v1"},
                (f"s3:{way.title()}ObjectVersionTagging", "arn:aws:s3:::bucket/parcels/a"),
                "S3.S3Exception",
            )
            for way in ("get", "put")
        ),
        (
            "arn:aws:states:::aws-sdk:ssm:getParameter",
            {"Name": "/a/b"},
            ("ssm:GetParameter", "arn:aws:ssm:us-east-1:000000000000:parameter/a/b"),
            "Ssm.SsmException",
        ),
        (
            "arn:aws:states:::aws-sdk:dynamodb:query",
            {"TableName": "results", "IndexName": "Waiting"},
            ("dynamodb:Query", f"{TABLE_ARN}/index/Waiting"),
            "DynamoDb.DynamoDbException",
        ),
        (
            "arn:aws:states:::aws-sdk:cloudwatch:putMetricData",
            {"Namespace": "Ours", "MetricData": []},
            ("cloudwatch:PutMetricData", "*"),
            "CloudWatch.CloudWatchException",
        ),
    ],
)
def test_integration_needs_its_action_on_its_resource(
    ministack: Any, resource: str, arguments: dict[str, Any], allowed: tuple[str, str], error: str
) -> None:
    states = {"Call": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}}
    ministack.put_role([])
    denied = ministack.run(states)

    assert error == denied.error
    assert (
        f"not authorized to perform: {allowed[0]} on resource: {allowed[1]} because" in denied.cause
    )


QUERY = {
    "TableName": "results",
    "KeyConditionExpression": "id = :id",
    "ExpressionAttributeValues": {":id": {"S": "1"}},
}
MEASURE = {"Namespace": "Ours", "MetricData": [{"MetricName": "Age", "Value": 3, "Unit": "None"}]}


def _sdk(action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    resource = f"arn:aws:states:::aws-sdk:{action}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}


def test_query_returns_the_items(ministack: Any) -> None:
    ministack.put_role(_allow("dynamodb:*", TABLE_ARN))
    ministack.run({"Put": PUT_ITEM})
    execution = ministack.run({"Query": _sdk("dynamodb:query", QUERY)})
    assert [{"id": {"S": "1"}}] == execution.output["Items"]


def test_invalid_query_fails_with_the_name_of_the_second_sdk(ministack: Any) -> None:
    ministack.put_role(_allow("dynamodb:*", "*"))
    other = {**QUERY, "TableName": "nowhere"}
    execution = ministack.run({"Query": _sdk("dynamodb:query", other)})
    assert "DynamoDb.ResourceNotFoundException" == execution.error


@pytest.mark.parametrize(("namespace", "status"), [("Ours", "SUCCEEDED"), ("Theirs", "FAILED")])
def test_metric_is_published_in_the_allowed_namespace_alone(
    ministack: Any, namespace: str, status: str
) -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": "Ours"}}
    [allowed] = _allow("cloudwatch:PutMetricData", "*")
    ministack.put_role([{**allowed, "Condition": condition}])
    state = _sdk("cloudwatch:putMetricData", {**MEASURE, "Namespace": namespace})
    assert status == ministack.run({"Measure": state}).status
    published = cloudwatch._metrics.get((namespace, "Age", cloudwatch._dims_key({})))
    assert (status == "SUCCEEDED") == bool(published)


@pytest.mark.parametrize(("children", "status"), [("", "FAILED"), ("/*", "SUCCEEDED")])
def test_task_of_a_child_acts_on_behalf_of_the_maps_own_state_machine(
    ministack: Any, children: str, status: str
) -> None:
    ministack.put_role(
        condition={"ArnLike": {"aws:SourceArn": [STATE_MACHINE_ARN, STATE_MACHINE_ARN + children]}}
    )
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Put",
        "States": {"Put": PUT_ITEM},
    }
    state = {"Type": "Map", "Label": "all", "Items": [1], "ItemProcessor": processor, "End": True}

    assert status == ministack.run({"Map": state}).status
