"""The review page in a process of its own, over tables and a bucket of the local cloud."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from cli.service import Service
from localcloud.server.cloud import Cloud
from review import answers
from review.images import Answer, ImageKey, Reason, Verdict
from review.overview.snapshot import Collector
from review.overview.source import ServiceOverview
from review.pictures import Pictures
from review.reviewer import Reviewer
from review.server import serve
from review.service.classes import classes_of_endpoint
from review.service.queue import INDEX, ReviewQueue
from review.service.second_look import look_again
from review.web import Opinions
from training.models.model_card import ModelArchive, model_card, write_model_card
from training.project.naming import Names

CLASSES = {"automobile": 0.4, "truck": 0.6}
EXPIRED = "expired"  # a file: as long as it exists, DynamoDB refuses the credentials
FATAL = "fatal"  # a file: the call at which the process is killed, and how often it happens before
DEATH = 10  # seconds

# Its processes start in milliseconds, since the modules are loaded once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def _keys(first: str, second: str) -> Any:
    return [
        {"AttributeName": first, "KeyType": "HASH"},
        {"AttributeName": second, "KeyType": "RANGE"},
    ]


@dataclass(frozen=True)
class Storage:
    """Two tables and a bucket, whose names begin with `name`."""

    cloud: Cloud
    name: str

    @property
    def results(self) -> str:
        """The name of the results table."""
        return f"{self.name}-results"

    @property
    def reviews(self) -> str:
        """The name of the reviews table."""
        return f"{self.name}-reviews"

    def create(self) -> "Storage":
        """Create the tables as the template does, and the bucket."""
        dynamodb = self.cloud.client("dynamodb")

        def create(table: str, keys: Any, names: set[str], **more: Any) -> None:
            dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=keys,
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in sorted(names)
                ],
                **more,
            )

        index = {
            "IndexName": INDEX,
            "KeySchema": _keys("waits_for", "recorded_at"),
            "Projection": {"ProjectionType": "ALL"},
        }
        names = {"image_url", "version", "waits_for", "recorded_at"}
        keys = _keys("image_url", "version")
        create(self.results, keys, names, GlobalSecondaryIndexes=[index])
        by_time = {
            "IndexName": answers.INDEX,
            "KeySchema": _keys("log", "answered_at"),
            "Projection": {"ProjectionType": "ALL"},
        }
        names = {"image_url", "answer", "log", "answered_at"}
        keys = _keys("image_url", "answer")
        create(self.reviews, keys, names, GlobalSecondaryIndexes=[by_time])

        s3 = self.cloud.client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        return self

    def add(
        self,
        number: int,
        picture: bytes,
        *,
        reason: Reason = Reason.REVIEW,
        classes: dict[str, float] = CLASSES,
        name: str = "",
        outcome: str = "REVIEW",
    ) -> ImageKey:
        """Upload an image and write its record, as the workflow does."""
        object_key = f"uploads/{name or f'{number:04}.webp'}"
        s3 = self.cloud.client("s3")
        stored = s3.put_object(Bucket=self.name, Key=object_key, Body=picture)
        key = ImageKey(f"s3://{self.name}/{object_key}", stored["VersionId"])
        drawn = {"drawn": {"BOOL": reason == Reason.AUDIT}, "probability": {"N": "0.2"}}
        item = {
            "image_url": {"S": key.image_url},
            "version": {"S": key.version},
            "outcome": {"S": outcome},
            "classification": {"S": max(classes, key=lambda label: classes[label])},
            "confidence_score": {"N": str(max(classes.values()))},
            "class_probabilities": {"M": {label: {"N": str(p)} for label, p in classes.items()}},
            "audit": {"M": drawn},
            "model_digest": {"S": "sha256:model"},
            "recorded_at": {"S": f"2026-01-01T00:00:00.{number:06}"},
            "waits_for": {"S": reason},
        }
        self.cloud.client("dynamodb").put_item(TableName=self.results, Item=item)
        return key

    def expire_leases(self, keys: list[ImageKey]) -> None:
        """Let the leases of images end, as after a long pause."""
        for key in keys:
            self.cloud.client("dynamodb").update_item(
                TableName=self.results,
                Key={"image_url": {"S": key.image_url}, "version": {"S": key.version}},
                UpdateExpression="SET lease_until = :past",
                ExpressionAttributeValues={":past": {"S": "2026-01-01"}},
            )

    def waiting(self) -> list[ImageKey]:
        """Return the images that wait."""
        records = self.cloud.client("dynamodb").scan(TableName=self.results)["Items"]
        return [
            ImageKey(one["image_url"]["S"], one["version"]["S"])
            for one in records
            if "waits_for" in one
        ]

    def doubt_and_answer(self, key: ImageKey, reviewer: str, label: str) -> None:
        """Let a reviewed image wait for a second look, and have another reviewer answer it."""
        dynamodb = self.cloud.client("dynamodb")
        look_again(dynamodb, self.results, self.reviews, 100)
        queue = ReviewQueue(dynamodb, self.cloud.client("events"), self.results, self.reviews)
        answer = Answer(
            answer_id=reviewer,
            key=key,
            verdict=Verdict.CLASS,
            label=label,
            reviewer=reviewer,
            answered_at=datetime.now(UTC).isoformat(),
            reason=Reason.SECOND_OPINION,
            model_digest="",
            seconds=1,
        )
        queue.answer(answer, Reviewer(reviewer, "page"))

    def deploy(self, labels: list[str]) -> None:
        """Write the model card of a model of these classes."""
        names = Names(project=self.name)
        card = model_card(self.name, tuple(labels), 1.0, ModelArchive("sha256:model", None))
        write_model_card(self.cloud.client("ssm"), names, card)

    def replace_classes(self, key: ImageKey, classes: dict[str, float]) -> None:
        """Have a model with other classes decide an image again."""
        self.cloud.client("dynamodb").update_item(
            TableName=self.results,
            Key={"image_url": {"S": key.image_url}, "version": {"S": key.version}},
            UpdateExpression="SET class_probabilities = :classes, classification = :first",
            ExpressionAttributeValues={
                ":classes": {"M": {label: {"N": str(p)} for label, p in classes.items()}},
                ":first": {"S": max(classes, key=lambda label: classes[label])},
            },
        )

    def delete_record(self, key: ImageKey) -> None:
        """Delete the record of an image."""
        record = {"image_url": {"S": key.image_url}, "version": {"S": key.version}}
        self.cloud.client("dynamodb").delete_item(TableName=self.results, Key=record)

    def delete_picture(self, key: ImageKey) -> None:
        """Delete an image version from the bucket; its record stays."""
        name = key.image_url.removeprefix(f"s3://{self.name}/")
        self.cloud.client("s3").delete_object(Bucket=self.name, Key=name, VersionId=key.version)

    def stored(self) -> list[dict[str, Any]]:
        """Return the items of the reviews table: answers, and undos, whose key ends so."""
        pages = (
            self.cloud.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.reviews, ConsistentRead=True)
        )
        return [dict(item) for page in pages for item in page["Items"]]

    def answers(self) -> dict[str, list[str]]:
        """Return the classes, or the verdicts, of the answers by the image's name."""
        found: dict[str, list[str]] = {}
        for item in sorted(self.stored(), key=lambda item: item["answered_at"]["S"]):
            name = item["image_url"]["S"].rpartition("/")[2]
            if "verdict" in item:
                label = item["class"]["S"] if "class" in item else item["verdict"]["S"]
                found.setdefault(name, []).append(label)
        return found


@dataclass
class Application:
    """A process that serves the page; `address` is where to open it."""

    storage: Storage
    folder: Path
    reviewer: str = "anne"
    port: int = 0
    address: str = ""
    _process: Any = field(default=None, repr=False)

    def start(self) -> "Application":
        """Start the process, after the first time on the same port."""
        receiver, sender = _PROCESSES.Pipe(duplex=False)
        arguments = (self.storage, self.reviewer, self.port, self.folder, sender)
        self._process = _PROCESSES.Process(target=_serve, args=arguments)
        self._process.start()
        self.address = receiver.recv()
        self.port = urlsplit(self.address).port or 0
        receiver.close()
        sender.close()
        return self

    def kill(self) -> None:
        """Kill the process, as `kill -9` does."""
        if self._process:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None

    def interrupt(self) -> bool:
        """End the process as Ctrl-C does; return whether it ended within five seconds."""
        os.kill(self._process.pid, signal.SIGINT)
        self._process.join(5)
        return self._process.exitcode is not None

    def kill_at(self, event: str, after: int = 0) -> None:
        """Have `kill -9` end the process at a call to AWS.

        Args:
            event: botocore's name, such as `before-call.dynamodb.GetItem`.
            after: Number of these calls that still succeed.
        """
        (self.folder / FATAL).write_text(json.dumps([event, after]), encoding="utf-8")

    def await_death(self) -> None:
        """Wait until the process is killed."""
        self._process.join(DEATH)
        assert -signal.SIGKILL == self._process.exitcode
        self._process.close()
        self._process = None

    def expire_credentials(self) -> None:
        """Have DynamoDB refuse the credentials."""
        (self.folder / EXPIRED).touch()

    def renew_credentials(self) -> None:
        """Have DynamoDB accept the credentials again."""
        (self.folder / EXPIRED).unlink()


def _fatal_call(plan: Path) -> Callable[..., None]:
    """Build a handler of botocore's events that kills the process as the file says."""

    def handle(event_name: str, **_: object) -> None:
        if not plan.exists():
            return
        event, after = json.loads(plan.read_text(encoding="utf-8"))
        if event_name != event:
            return
        if after:
            plan.write_text(json.dumps([event, after - 1]), encoding="utf-8")
        else:
            plan.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    return handle


def _serve(storage: Storage, reviewer: str, port: int, folder: Path, sender: Any) -> None:
    dynamodb, s3 = storage.cloud.client("dynamodb"), storage.cloud.client("s3")

    def refuse(**_: object) -> None:
        if (folder / EXPIRED).exists():
            error: Any = {"Code": "ExpiredTokenException", "Message": "The token is expired"}
            raise ClientError({"Error": error}, "Query")

    events = storage.cloud.client("events")
    dynamodb.meta.events.register("before-call.dynamodb", refuse)
    for client in (dynamodb, events):
        for moment in ("before-call", "after-call"):
            client.meta.events.register(moment, _fatal_call(folder / FATAL))
    classes = classes_of_endpoint(storage.cloud.client("ssm"), storage.name)
    queue = ReviewQueue(dynamodb, events, storage.results, storage.reviews, unlisted=classes)
    pictures = Pictures(s3, storage.name)
    aws: Any = _Account(storage.cloud, dynamodb, s3)
    service = Service(
        image_bucket=storage.name,
        workflow_arn="",
        results_table=storage.results,
        failure_queue_url="",
        dead_letter_queue_url="",
        backlog_prefix="archive/",
        backlog_workflow_arn=None,
        reviews_table=storage.reviews,
        endpoint=storage.name,
    )
    overview = ServiceOverview(aws, Collector(aws, service, storage.name, queue.waiting))
    opinions = Opinions.ON_DEMAND
    serve(queue, pictures, reviewer, port, sender.send, opinions=opinions, overview=overview)


@dataclass(frozen=True)
class _Account:
    """The clients of the overview. Two are made at their first use: most tests need none."""

    cloud: Cloud
    dynamodb: Any
    s3: Any
    region: str = "us-east-1"

    @cached_property
    def cloudwatch(self) -> Any:
        return self.cloud.client("cloudwatch")

    @cached_property
    def ssm(self) -> Any:
        return self.cloud.client("ssm")
