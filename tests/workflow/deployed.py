"""The service as deployed on a local cloud, seen through the clients that its users have."""

import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.service import STACK, Service
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from training.models.class_list import class_list_parameters, set_aside, write_class_list

ROOT = Path(__file__).parents[2]
TRUCK = (ROOT / "examples/photos/test/truck/truck-000.webp").read_bytes()


@dataclass(frozen=True)
class Run:
    """An ended execution: description, entered states in order, and attempts of each task."""

    execution: str
    description: dict[str, Any]
    path: list[str]
    attempts: Counter[str]

    @property
    def output(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.description["output"])
        return parsed


@dataclass(frozen=True)
class Decided:
    """A decided upload: output and states of the execution, and item in the results table."""

    execution: str
    output: dict[str, Any]
    record: dict[str, Any]
    path: list[str]


def ended(states: Any, execution: str) -> Run:
    """Wait for an execution to end and read its states."""
    description = states.describe_execution(executionArn=execution)
    while description["status"] == "RUNNING":
        time.sleep(0.05)
        description = states.describe_execution(executionArn=execution)
    path: list[str] = []
    attempts: Counter[str] = Counter()
    for page in states.get_paginator("get_execution_history").paginate(executionArn=execution):
        for event in page["events"]:
            if "stateEnteredEventDetails" in event:
                path.append(event["stateEnteredEventDetails"]["name"])
            elif event["type"] in ("TaskScheduled", "LambdaFunctionScheduled"):
                attempts[path[-1]] += 1
    return Run(execution, dict(description), path, attempts)


def zipped(folder: Path, old: str, new: str) -> bytes:
    """A folder as a zip archive, with a part of each file's name replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in (path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder).with_name(path.name.replace(old, new)))
    return buffer.getvalue()


class Deployed:
    """The service as deployed, seen through the clients that its users have."""

    def __init__(self, cloud: Cloud, service: Service, endpoint: str) -> None:
        self.stack = STACK
        self.bucket = service.image_bucket
        self.endpoint = endpoint
        self.s3 = cloud.client("s3")
        self._workflow_arn = service.workflow_arn
        self._states = cloud.client("stepfunctions")
        self._functions = cloud.client("lambda")
        self._stack = cloud.client("cloudformation")
        self._iam = cloud.client("iam")
        self._events = cloud.client("events")
        self._parameters = cloud.client("ssm")
        self._sagemaker = cloud.client("sagemaker")
        self._sqs = cloud.client("sqs")
        self._failure_queue = service.failure_queue_url
        self._table = cloud.resource("dynamodb").Table(service.results_table)

    def put(self, data: bytes, name: str) -> str:
        """Upload and return the image URL, without waiting for anything."""
        self.s3.put_object(Bucket=self.bucket, Key=f"uploads/{name}", Body=data)
        return f"s3://{self.bucket}/uploads/{name}"

    def archive(self, data: bytes, name: str) -> str:
        """Store an image where no upload starts the workflow, and return its URL."""
        self.s3.put_object(Bucket=self.bucket, Key=f"archive/{name}", Body=data)
        return f"s3://{self.bucket}/archive/{name}"

    def upload(self, data: bytes, name: str) -> Decided:
        """Upload and wait for the outcome of this version."""
        version = self.s3.put_object(Bucket=self.bucket, Key=f"uploads/{name}", Body=data)[
            "VersionId"
        ]
        key = {"image_url": f"s3://{self.bucket}/uploads/{name}", "version": version}
        deadline = time.monotonic() + 60
        while "outcome" not in (found := self._table.get_item(Key=key)).get("Item", {}):
            assert time.monotonic() < deadline, f"{key} has no outcome"
            time.sleep(0.05)
        run = ended(self._states, found["Item"]["execution"])
        return Decided(run.execution, run.output, found["Item"], run.path)

    def start(self, event: dict[str, Any]) -> Run:
        """Start the workflow with an input and wait for its end."""
        execution = self._states.start_execution(
            stateMachineArn=self._workflow_arn, input=json.dumps(event)
        )
        return ended(self._states, execution["executionArn"])

    def record(self, image_url: str) -> dict[str, Any]:
        """The one item of an image."""
        [item] = self._table.query(
            KeyConditionExpression="image_url = :url", ExpressionAttributeValues={":url": image_url}
        )["Items"]
        return dict(item)

    def forget(self, image_url: str) -> None:
        """Delete all versions of an image and its record, so that no other test meets them."""
        key = image_url.removeprefix(f"s3://{self.bucket}/")
        listed = self.s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        for version in listed.get("Versions", []):
            self.s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])
        self._table.delete_item(
            Key={"image_url": image_url, "version": self.record(image_url)["version"]}
        )

    def decided_urls(self) -> list[str]:
        """The image URL of every item in the results table that has an outcome."""
        pages = self._table.meta.client.get_paginator("scan").paginate(
            TableName=self._table.name,
            ProjectionExpression="image_url",
            FilterExpression="attribute_exists(outcome)",
        )
        return [item["image_url"] for page in pages for item in page["Items"]]

    def wait_for(self, urls: set[str]) -> None:
        """Wait until every URL has an outcome."""
        deadline = time.monotonic() + 120
        while missing := urls - set(self.decided_urls()):
            assert time.monotonic() < deadline, f"no record of {sorted(missing)[:5]}"
            time.sleep(0.2)

    def tell_of_failure(self, detail: dict[str, Any]) -> None:
        """Put the event of a bad end into the failure queue and wait until it is dealt with."""
        self._sqs.send_message(
            QueueUrl=self._failure_queue, MessageBody=json.dumps({"detail": detail})
        )
        deadline = time.monotonic() + 30
        while self._messages(self._failure_queue):
            assert time.monotonic() < deadline, "record_failure does not take the message"
            time.sleep(0.05)

    def dead_letters(self) -> int:
        """Count the failures that could not be recorded."""
        queue = self._stack.describe_stack_resource(
            StackName=self.stack, LogicalResourceId="FailureDeadLetterQueue"
        )
        return self._messages(queue["StackResourceDetail"]["PhysicalResourceId"])

    def _messages(self, queue: str) -> int:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))

    def payloads(self, execution: str) -> Iterator[str]:
        """Every input and output of every state of an execution, as JSON text."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=execution)
        for event in (event for page in pages for event in page["events"]):
            for details in (value for key, value in event.items() if key.endswith("Details")):
                yield from (
                    details[key] for key in ("input", "output", "parameters") if key in details
                )

    def executions(self, status: str) -> int:
        """Count the workflow's executions that have this status."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._workflow_arn, statusFilter=status
        )
        return sum(len(page["executions"]) for page in pages)

    @contextmanager
    def changed(self, function: str, variables: dict[str, str]) -> Iterator[None]:
        """Run with other environment variables for one function."""
        name = f"{self.stack}-{function}"
        before = self._functions.get_function_configuration(FunctionName=name)["Environment"][
            "Variables"
        ]
        self._functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": before | variables}
        )
        try:
            yield
        finally:
            self._functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": before}
            )

    @contextmanager
    def packed_for_another_processor(self, function: str, folder: Path) -> Iterator[None]:
        """Run with a package whose compiled modules are named as those for another processor.

        Args:
            function: the function.
            folder: its package, as `sam build` left it.
        """
        name, other = (
            f"{self.stack}-{function}",
            {"x86_64": "aarch64", "arm64": "x86_64"}[ARCHITECTURE],
        )
        own = {"x86_64": "x86_64", "arm64": "aarch64"}[ARCHITECTURE]
        self._functions.update_function_code(
            FunctionName=name, ZipFile=zipped(folder, f"-{own}-", f"-{other}-")
        )
        try:
            yield
        finally:
            self._functions.update_function_code(FunctionName=name, ZipFile=zipped(folder, "", ""))

    @contextmanager
    def rule_without_permission(self, logical_id: str = "UploadRuleRole") -> Iterator[None]:
        """Run while the role of a rule may not start its workflow."""
        role = self._stack.describe_stack_resource(
            StackName=self.stack, LogicalResourceId=logical_id
        )
        name = role["StackResourceDetail"]["PhysicalResourceId"]
        policy = self._iam.get_role_policy(RoleName=name, PolicyName="start-workflow")[
            "PolicyDocument"
        ]
        self._iam.delete_role_policy(RoleName=name, PolicyName="start-workflow")
        try:
            yield
        finally:
            self._iam.put_role_policy(
                RoleName=name, PolicyName="start-workflow", PolicyDocument=json.dumps(policy)
            )

    @contextmanager
    def rule_disabled(self) -> Iterator[None]:
        """Run while nobody hears of uploads."""
        name = f"{self.stack}-uploads"
        self._events.disable_rule(Name=name)
        try:
            yield
        finally:
            self._events.enable_rule(Name=name)

    def stop(self, execution: str) -> None:
        """Stop an execution half way."""
        self._states.stop_execution(executionArn=execution)
        ended(self._states, execution)

    def model_card(self) -> dict[str, Any]:
        """Return the model card of the served model."""
        name = f"/scones-unlimited/endpoints/{self.endpoint}"
        card: dict[str, Any] = json.loads(
            self._parameters.get_parameter(Name=name)["Parameter"]["Value"]
        )
        return card

    @contextmanager
    def without_model_card(self) -> Iterator[None]:
        """Run while the endpoint has no model card."""
        name = f"/scones-unlimited/endpoints/{self.endpoint}"
        card = self._parameters.get_parameter(Name=name)["Parameter"]["Value"]
        self._parameters.delete_parameter(Name=name)
        try:
            with self.changed("classify-image", {"FRESH_PROCESS": "the card is cached"}):
                yield
        finally:
            self._parameters.put_parameter(Name=name, Value=card, Type="String")

    @contextmanager
    def class_list_apart(self) -> Iterator[None]:
        """Run while the class names are in a parameter below the model card, as long lists are."""
        name = f"/scones-unlimited/endpoints/{self.endpoint}"
        card = self._parameters.get_parameter(Name=name)["Parameter"]["Value"]
        short, lists = set_aside(json.loads(card))
        for digest, parts in lists.items():
            write_class_list(self._parameters, name, digest, parts, [])
        self._parameters.put_parameter(Name=name, Value=json.dumps(short), Overwrite=True)
        fresh = {"FRESH_PROCESS": "the card is cached"}
        try:
            with self.changed("classify-image", fresh):
                yield
        finally:
            self._parameters.put_parameter(Name=name, Value=card, Overwrite=True)
            for parameter in list(class_list_parameters(self._parameters, name)):
                self._parameters.delete_parameter(Name=parameter)

    @contextmanager
    def without_endpoint(self) -> Iterator[None]:
        """Run while the endpoint does not exist."""
        endpoint = self._sagemaker.describe_endpoint(EndpointName=self.endpoint)
        tags = self._sagemaker.list_tags(ResourceArn=endpoint["EndpointArn"])["Tags"]
        self._sagemaker.delete_endpoint(EndpointName=self.endpoint)
        try:
            yield
        finally:
            self._sagemaker.create_endpoint(
                EndpointName=self.endpoint,
                EndpointConfigName=endpoint["EndpointConfigName"],
                Tags=tags,
            )
            waiter = self._sagemaker.get_waiter("endpoint_in_service")
            waiter.wait(EndpointName=self.endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    @contextmanager
    def timeout(self, function: str, seconds: int) -> Iterator[None]:
        """Run with another timeout for one function."""
        name = f"{self.stack}-{function}"
        before = self._functions.get_function_configuration(FunctionName=name)["Timeout"]
        self._functions.update_function_configuration(FunctionName=name, Timeout=seconds)
        try:
            yield
        finally:
            self._functions.update_function_configuration(FunctionName=name, Timeout=before)

    @classmethod
    def plain(cls, value: Any) -> Any:
        """A DynamoDB value as JSON would have it."""
        if isinstance(value, dict):
            return {name: cls.plain(member) for name, member in value.items()}
        return float(value) if isinstance(value, Decimal) else value
