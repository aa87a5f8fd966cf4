"""Run every branch of the service once, so that the audit log has every call of its roles."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from localcloud.faults.client import Faults
from localcloud.server.cloud import Cloud
from tests.workflow.deployed import TRUCK, Deployed, ended

ROOT = Path(__file__).parents[3]
FOREIGN = "somebody-elses-images"


class Branches:
    """The deployed service, and the ways through it."""

    def __init__(self, cloud: Cloud, service: Deployed, names: Mapping[str, str]) -> None:
        self._cloud = cloud
        self._service = service
        self._names = names
        self._states, self._sqs = cloud.client("stepfunctions"), cloud.client("sqs")
        self._folder = f"least-privilege/{uuid4().hex[:8]}"
        self._undecidable: list[str] = []

    def drive(self) -> None:
        """Go all ways, one after the other."""
        self.decided()
        self.decided_with_a_long_class_list()
        self.asked_for_by_name()
        self.stored_before_versioning()
        self.not_started()
        self.denied()
        self.failed()
        self.throttled()
        self.told_of_by_name()
        self.dead_lettered()
        self.untagged()
        self.backlogs()
        self.measured()
        self.forget_undecidable()

    def decided(self) -> None:
        """Accepted or for review, and unreadable."""
        self._service.upload(TRUCK, f"{self._folder}/truck.webp")
        self._service.upload(b"Dear sir or madam,", f"{self._folder}/letter.jpg")

    def decided_with_a_long_class_list(self) -> None:
        """A model whose class names do not fit into its card."""
        with self._service.class_list_apart():
            self._service.upload(TRUCK, f"{self._folder}/class-list.webp")

    def asked_for_by_name(self) -> None:
        """A request that names no version, one that does, and a duplicate."""
        for put in (self._service.put, self._service.archive):
            url = put(TRUCK, f"{self._folder}/named.webp")
            first = self._service.start({"image_url": url})
            self._service.start({"image_url": url, "version_id": first.output["version"]})

    def stored_before_versioning(self) -> None:
        """An image without a version id, stored before the bucket was versioned."""
        for prefix in ("uploads", "archive"):
            key = f"{prefix}/{self._folder}/old.webp"
            stored = self._service.s3.put_object(Bucket=self._service.bucket, Key=key, Body=TRUCK)
            self._service.start(self._event(self._service.bucket, key, stored["ETag"].strip('"')))

    def not_started(self) -> None:
        """An upload whose event cannot start the workflow; it is recorded from the queue."""
        with self._service.rule_without_permission():
            self._service.wait_for({self._service.put(TRUCK, f"{self._folder}/not-started.webp")})

    def denied(self) -> None:
        """An image of another bucket, which the function may not read and the workflow refuses."""
        self._service.s3.create_bucket(Bucket=FOREIGN)
        self._service.s3.put_object(Bucket=FOREIGN, Key="a.webp", Body=TRUCK)
        answer = self._cloud.client("lambda").invoke(
            FunctionName=f"{self._service.stack}-serialize-image",
            Payload=json.dumps({"image_url": f"s3://{FOREIGN}/a.webp"}),
        )
        assert "ImageAccessDeniedError" == json.load(answer["Payload"])["errorType"]

    def failed(self) -> None:
        """An archived image, which the function cannot read before somebody restores it."""
        key = f"archive/{self._folder}/{uuid4().hex}.webp"
        stored = self._service.s3.put_object(
            Bucket=self._service.bucket, Key=key, Body=TRUCK, StorageClass="GLACIER"
        )
        run = self._service.start(self._event(self._service.bucket, key, stored["ETag"].strip('"')))
        assert "ImageArchivedError" == run.description["error"]
        self._undecidable.append(f"s3://{self._service.bucket}/{key}")

    def throttled(self) -> None:
        """A function that takes nothing, as often as it is tried."""
        function, functions = (
            f"{self._service.stack}-filter-inferences",
            self._cloud.client("lambda"),
        )
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        try:
            run = self._service.start(
                {"image_url": self._service.archive(TRUCK, f"{self._folder}/throttled.webp")}
            )
        finally:
            functions.delete_function_concurrency(FunctionName=function)
        assert "Lambda.TooManyRequestsException" == run.description["error"]

    def told_of_by_name(self) -> None:
        """Failed executions, requests without a version, and images with an outcome."""
        for prefix, put in (("uploads", self._service.put), ("archive", self._service.archive)):
            url = put(TRUCK, f"{self._folder}/told-{prefix}.webp")
            decided = self._service.start({"image_url": url}).output
            for image in ({"image_url": url}, {"image_url": url, "version_id": decided["version"]}):
                detail = {"executionArn": "arn:e", "status": "ABORTED", "input": json.dumps(image)}
                self._sqs.send_message(
                    QueueUrl=self._names["FailureQueue"], MessageBody=json.dumps({"detail": detail})
                )
        self._until(lambda: not self._waiting("FailureQueue"))

    def dead_lettered(self) -> None:
        """A failure that cannot be queued."""
        with self._queue_closed():
            before = self._waiting("FailureDeadLetterQueue")
            self.failed()
            self._until(lambda: self._waiting("FailureDeadLetterQueue") > before)
        self._sqs.purge_queue(QueueUrl=self._names["FailureDeadLetterQueue"])

    def untagged(self) -> None:
        """A decision whose event cannot start the tagging of its version."""
        queue = "ReviewDeadLetterQueue"
        with self._service.rule_without_permission("TagRuleRole"):
            before = self._waiting(queue)
            self._service.upload(TRUCK, f"{self._folder}/untagged.webp")
            self._until(lambda: self._waiting(queue) > before)
        self._sqs.purge_queue(QueueUrl=self._names[queue])

    def backlogs(self) -> None:
        """A backlog from a prefix, and one from a list."""
        url = self._service.archive(TRUCK, f"{self._folder}/backlog/one.webp")
        prefix = f"archive/{self._folder}/backlog/"
        versions = self._service.s3.list_object_versions(
            Bucket=self._service.bucket, Prefix=prefix
        )["Versions"]
        list_key = f"backlog/{self._folder}.csv"
        line = f"{url},{versions[0]['VersionId']},2026-01-15T09:30:00Z#"
        text = f"image_url,version_id,uploaded_at\n{line}\n"
        self._service.s3.put_object(Bucket=self._service.bucket, Key=list_key, Body=text.encode())
        for backlog in ({"prefix": prefix}, {"list": list_key}):
            started = self._states.start_execution(
                stateMachineArn=self._names["BacklogWorkflow"], input=json.dumps(backlog)
            )
            assert "SUCCEEDED" == ended(self._states, started["executionArn"]).description["status"]

    def measured(self) -> None:
        """The schedule measures how long images wait."""
        faults, metrics = Faults(self._cloud.url), self._cloud.client("cloudwatch")
        namespace = f"SconesUnlimited/{self._service.stack}"
        faults.put_clock_ahead(301)
        try:
            self._until(
                lambda: metrics.list_metrics(Namespace=namespace, MetricName="OldestWaitingDays")[
                    "Metrics"
                ]
            )
        finally:
            faults.put_clock_ahead(0)

    def forget_undecidable(self) -> None:
        """Delete images that cannot be decided, once no failure is waiting to be recorded."""
        self._until(lambda: not self._waiting("FailureQueue"))
        for url in self._undecidable:
            self._service.forget(url)

    @staticmethod
    def _event(bucket: str, key: str, etag: str) -> dict[str, Any]:
        event: dict[str, Any] = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
        detail = {
            "bucket": {"name": bucket},
            "object": {"key": key, "etag": etag, "sequencer": "01"},
        }
        return event | {"detail": detail}

    @contextmanager
    def _queue_closed(self) -> Iterator[None]:
        url = self._names["FailureQueue"]
        policy = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])[
            "Attributes"
        ]["Policy"]
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
        try:
            yield
        finally:
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def _waiting(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._names[queue], AttributeNames=names)[
            "Attributes"
        ]
        return sum(int(count) for count in found.values())

    @staticmethod
    def _until(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.05)
