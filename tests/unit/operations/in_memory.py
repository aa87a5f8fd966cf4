"""A service in an account that moto keeps in memory, with workflows whose end a test decides."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws
from cli.service import Service
from operations.service.context import Context

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:image-classification"
BACKLOG = "arn:aws:states:us-east-1:000000000000:stateMachine:backlog"


@dataclass
class FakeStates:
    """Step Functions for the commands. `work` stands for the workflow: it gets ARN and input."""

    work: Callable[[str, dict[str, Any]], None] = lambda _execution, _request: None
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "SUCCEEDED"  # of executions that start from now on
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "succeeded", "running"), 0)
    )
    one_at_a_time: Lock = field(default_factory=Lock)

    def requests(self, workflow: str = WORKFLOW) -> list[dict[str, Any]]:
        return [request for arn, request in self.started if arn == workflow]

    def start_execution(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        input: str,
        name: str = "",
    ) -> dict[str, Any]:
        with self.one_at_a_time:  # commands start several at once, and two must not have one name
            name = name or f"execution-{len(self.started)}"
            arn = f"{stateMachineArn.replace('stateMachine', 'execution')}:{name}"
            self.started.append((stateMachineArn, json.loads(input)))
            self.executions[arn] = {
                "stateMachineArn": stateMachineArn,
                "status": self.status,
                "input": input,
            }
            self.work(arn, json.loads(input))
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.executions:
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": "none"}}, "DescribeExecution"
            )
        return self.executions[executionArn]

    def list_tags_for_resource(self, *, resourceArn: str) -> dict[str, Any]:  # noqa: N803
        assert resourceArn.startswith("arn:aws:states:")
        return {"tags": [{"key": "aws:cloudformation:stack-name", "value": "another-stack"}]}

    def list_executions(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        statusFilter: str,  # noqa: N803
        maxResults: int,  # noqa: N803
    ) -> dict[str, Any]:
        found = [
            {"executionArn": arn}
            for arn, execution in self.executions.items()
            if execution["stateMachineArn"] == stateMachineArn
            and execution["status"] == statusFilter
        ]
        return {"executions": found[:maxResults]}

    def list_map_runs(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"mapRuns": [{"mapRunArn": f"{executionArn}/map"}]}

    def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        assert mapRunArn.endswith("/map")
        return {"itemCounts": {"failed": 0, "timedOut": 0, "aborted": 0, **self.counts}}


@dataclass
class Account:
    """The service's bucket, table and queues, as a test fills them and looks at them."""

    context: Context
    states: FakeStates
    shown: io.StringIO

    def store(self, key: str, data: bytes = b"image") -> str:
        """Store an object; return its version."""
        bucket = self.context.service.image_bucket
        return self.context.aws.s3.put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]

    def record(
        self, key: str, version: str, threshold: str = "0.8", **attributes: str | timedelta
    ) -> None:
        """Write a record; `opened` is how long ago work on it began."""
        item: dict[str, Any] = {
            "image_url": {"S": self.context.service.image_url(key)},
            "version": {"S": version},
            "uploaded_at": {"S": "2026-11-23T06:20:11Z#01"},
            "confidence_threshold": {"N": threshold},
        }
        opened = attributes.pop("opened", None)
        if isinstance(opened, timedelta):
            item["opened_by"] = {"S": "the execution that works on it"}
            item["opened_at"] = {"S": (datetime.now(UTC) - opened).isoformat()}
        confidence = attributes.pop("confidence_score", None)
        if confidence is not None:
            item["confidence_score"] = {"N": confidence}
        item |= {name: {"S": value} for name, value in attributes.items()}
        self.context.aws.dynamodb.put_item(TableName=self.context.service.results_table, Item=item)

    def decide(self, execution: str, request: dict[str, Any], outcome: str = "ACCEPTED") -> None:
        """Work as the workflow does: record an outcome."""
        key = request["image_url"].removeprefix(self.context.service.image_url(""))
        self.record(
            key, request["version_id"], outcome=outcome, execution=execution, error="AgainError"
        )

    def send(self, body: object, **attributes: str) -> None:
        """Send a message to the dead-letter queue."""
        self.context.aws.sqs.send_message(
            QueueUrl=self.context.service.dead_letter_queue_url,
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def messages(self) -> int:
        """Count the messages that can be received from the dead-letter queue."""
        return len(self._received(self.context.service.dead_letter_queue_url))

    def failures(self) -> list[tuple[str, dict[str, Any]]]:
        """Body and attributes of the messages of the failure queue."""
        received = self._received(self.context.service.failure_queue_url)
        return [(message["Body"], message.get("MessageAttributes", {})) for message in received]

    def _received(self, queue_url: str) -> list[Any]:
        return self.context.aws.sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        ).get("Messages", [])


def deploy(aws: Aws) -> Service:
    """Create the resources of the stack."""
    aws.s3.create_bucket(Bucket="images")
    aws.s3.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Enabled"})
    aws.dynamodb.create_table(
        TableName="results",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("image_url", "version", "uploaded_at")
        ],
        KeySchema=[
            {"AttributeName": "image_url", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "ByUpload",
                "KeySchema": [
                    {"AttributeName": "image_url", "KeyType": "HASH"},
                    {"AttributeName": "uploaded_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    queue = aws.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    failures = aws.sqs.create_queue(QueueName="failures")["QueueUrl"]
    return Service("images", WORKFLOW, "results", failures, queue, "archive/", BACKLOG)
