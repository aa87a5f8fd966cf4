"""The conditions that the alarms watch, made on the deployed service, in a time of their own."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from localcloud.faults.client import Faults
from localcloud.server.cloud import Cloud
from tests.workflow.deployed import Deployed
from training.service.metric import metric_request
from training.statistics.drift import Comparison

ROOT = Path(__file__).parents[3]
MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
PHOTO = (ROOT / "examples/photos/large/truck/truck-0.jpg").read_bytes()
_months = count(1)
_numbers = count()


class Rehearsal:
    """The service a month from now, without any events yet; `later` advances the time."""

    def __init__(self, cloud: Cloud, service: Deployed) -> None:
        self.cloud = cloud
        self.service = service
        self._cloudwatch = cloud.client("cloudwatch")
        self._functions = cloud.client("lambda")
        self._functions.meta.events.unregister(
            "needs-retry.lambda", unique_id="retry-config-lambda"
        )  # it waits
        self._faults = Faults(cloud.url)
        self._ahead = next(_months) * 30.0 * DAY
        self.later(0)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds
        self._faults.put_clock_ahead(self._ahead)

    def close(self) -> None:
        """Go back to the time that it is."""
        self._faults.put_clock_ahead(0)

    def state(self, alarm: str, expected: str) -> str:
        """Return the state of an alarm, after a short wait for the expected state."""
        deadline = time.monotonic() + 5
        while (state := self._state(alarm)) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return state

    def _state(self, alarm: str) -> str:
        answer = self._cloudwatch.describe_alarms(
            AlarmNames=[f"{self.service.stack}-{alarm}"],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        [found] = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return str(found["StateValue"])

    def decide(self, threshold: float = 0.000001) -> None:
        """Have an image decided; with threshold 1 it is for review."""
        url = self.service.archive(PHOTO, f"rehearsal-{next(_numbers)}.jpg")
        self.service.start({"image_url": url, "confidence_threshold": threshold})

    def decide_with_ten_tags(self) -> None:
        """Have an unreadable image decided whose version has as many tags as S3 allows."""
        url = self.service.archive(b"no image", f"rehearsal-{next(_numbers)}.jpg")
        tags = [{"Key": str(number), "Value": ""} for number in range(10)]
        key = url.removeprefix(f"s3://{self.service.bucket}/")
        self.service.s3.put_object_tagging(
            Bucket=self.service.bucket, Key=key, Tagging={"TagSet": tags}
        )
        self.service.start({"image_url": url})

    def start_in_vain(self) -> None:
        """Start an execution that names no image: it fails, and there is nothing to decide."""
        self.service.start({"image_url": "nothing"})

    def measure(self, name: str, values: list[float], unit: str) -> None:
        """Publish a metric as the endpoint does."""
        variant = [
            {"Name": "EndpointName", "Value": self.service.endpoint},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ]
        datum = {"MetricName": name, "Dimensions": variant, "Values": values, "Unit": unit}
        self._cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])

    def compare(self, drifted: bool) -> None:
        """Publish what `python -m training monitor` does of one statistic."""
        found = Comparison("brightness", "Kolmogorov-Smirnov", 0.5, 0.5, 100, 100, drifted)
        self._cloudwatch.put_metric_data(**metric_request(self.service.stack, [found]))

    def measure_age(self) -> None:
        """Measure how long images wait, as the schedule does."""
        arn = self._physical("WaitingAgeWorkflow")
        self.cloud.client("stepfunctions").start_execution(stateMachineArn=arn, input="{}")

    @contextmanager
    def waiting_for(self, seconds: float) -> Iterator[None]:
        """Run while an image has waited for a reviewer for some seconds."""
        recorded_at = datetime.now(UTC) - timedelta(seconds=seconds)
        key = {"image_url": {"S": "s3://rehearsal/uploads/old.jpg"}, "version": {"S": "1"}}
        waits = {"waits_for": {"S": "AUDIT"}, "recorded_at": {"S": recorded_at.isoformat()}}
        dynamodb, table = self.cloud.client("dynamodb"), self._physical("ResultsTable")
        dynamodb.put_item(TableName=table, Item=key | waits)
        try:
            yield
        finally:
            dynamodb.delete_item(TableName=table, Key=key)

    @contextmanager
    def without_concurrency(self, function: str) -> Iterator[None]:
        """Run while a function takes no invocation."""
        name = f"{self.service.stack}-{function}"
        self._functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            self._functions.delete_function_concurrency(FunctionName=name)

    def throttle(self, function: str) -> None:
        """Invoke a function that takes no invocation."""
        with suppress(self._functions.exceptions.TooManyRequestsException):
            self._functions.invoke(FunctionName=f"{self.service.stack}-{function}")

    @contextmanager
    def pipe_stopped(self) -> Iterator[None]:
        """Run while nobody receives the messages of the failure queue."""
        pipes = self.cloud.client("pipes")
        name = f"{self.service.stack}-failures"
        pipes.stop_pipe(Name=name)
        try:
            yield
        finally:
            pipes.start_pipe(Name=name)

    @contextmanager
    def message_in(self, queue: str) -> Iterator[None]:
        """Run while a message waits in a queue of the stack."""
        sqs, url = self.cloud.client("sqs"), self._physical(queue)
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"of": "a rehearsal"}))
        try:
            yield
        finally:
            sqs.purge_queue(QueueUrl=url)

    @contextmanager
    def emptied(self, queue: str) -> Iterator[None]:
        """Empty a queue of the stack at the end."""
        url = self._physical(queue)
        try:
            yield
        finally:
            self.cloud.client("sqs").purge_queue(QueueUrl=url)

    @contextmanager
    def log_moved(self) -> Iterator[None]:
        """Run while the log of decisions, as the rule's target has it, does not exist."""
        events, rule = self.cloud.client("events"), f"{self.service.stack}-decisions"
        [target] = events.list_targets_by_rule(Rule=rule)["Targets"]
        events.put_targets(
            Rule=rule, Targets=[{**target, "Arn": target["Arn"].replace("-decisions", "-moved")}]
        )
        try:
            yield
        finally:
            events.put_targets(Rule=rule, Targets=[target])

    @contextmanager
    def queue_closed(self, queue: str) -> Iterator[None]:
        """Run while nobody may send to a queue of the stack."""
        sqs, url = self.cloud.client("sqs"), self._physical(queue)
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)

    def upload_and_forget(self) -> None:
        """Upload an image, and take it away again."""
        key = f"uploads/rehearsal-{next(_numbers)}.jpg"
        version = self.service.s3.put_object(Bucket=self.service.bucket, Key=key, Body=PHOTO)[
            "VersionId"
        ]
        self.service.s3.delete_object(Bucket=self.service.bucket, Key=key, VersionId=version)

    def _physical(self, logical_id: str) -> str:
        """Return the name of a resource of the stack, or of its monitoring stack."""
        stack: Any = self.cloud.client("cloudformation")
        resources = stack.describe_stack_resources(StackName=self.service.stack)["StackResources"]
        [monitoring] = [
            one["PhysicalResourceId"]
            for one in resources
            if one["LogicalResourceId"] == "Monitoring"
        ]
        resources += stack.describe_stack_resources(StackName=monitoring)["StackResources"]
        [found] = [
            one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == logical_id
        ]
        return str(found)
