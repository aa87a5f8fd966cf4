"""Run jobs on fakes of S3, IAM and CloudWatch, with shell scripts as training algorithms."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from localcloud.api.control_plane import Operation
from localcloud.api.service_model import check_request, find_operation, shape_answer
from localcloud.sagemaker.algorithms import Algorithms, BuiltInRules
from localcloud.sagemaker.api.store import Record, RecordStore
from localcloud.sagemaker.execution_role import RoleRefusedError
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.jobs.run import JobServices
from localcloud.sagemaker.jobs.training_jobs import TrainingJobs
from localcloud.sagemaker.jobs.tuning_jobs import TuningJobs
from localcloud.sagemaker.object_store import ObjectUnavailableError

ROLE = "arn:aws:iam::000000000000:role/training"
TRAIN = (
    'echo "Epoch[0] Train-accuracy=0.5"; echo "Epoch[0] Validation-accuracy=0.25"; echo '
    'weights >"$1/model/head"'
)
# Reports its start, and ends soon after the stop request.
TRAIN_UNTIL_STOPPED = 'trap "exit 0" TERM; touch "$1/model/begun"; while :; do sleep 0.01; done'
NEVER_END = 'trap "" TERM; touch "$1/model/begun"; while :; do sleep 0.01; done'


@dataclass
class FakeObjectStore:
    """S3 as a dictionary of URLs."""

    objects: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def read(self, url: str) -> bytes:
        return self.objects[url]

    def link(self, url: str, path: Path) -> None:
        path.write_bytes(self.read(url))

    def list(self, prefix: str) -> list[str]:
        if not prefix.startswith("s3://data"):
            raise ObjectUnavailableError("An error occurred (NoSuchBucket)")
        return sorted(url for url in self.objects if url.startswith(prefix))

    def write(self, url: str, content: bytes, key: str | None = None) -> None:
        self.objects[url] = content
        if key:
            self.keys[url] = key

    def key_of(self, url: str) -> str | None:
        return self.keys.get(url)


@dataclass
class FakeIam:
    """Roles that allow all but the denied actions."""

    denied: set[str] = field(default_factory=set)

    def role(self, role_arn: str, source_arn: str) -> "FakeIam":
        return self

    def assume(self) -> None:
        self.require("sts:AssumeRole", "*")

    def require(self, action: str, resource_arn: str) -> None:
        if action in self.denied:
            raise RoleRefusedError(
                f"not authorized to perform: {action} on resource: {resource_arn}"
            )

    def use_key(self, action: str, key: str, conditions: Mapping[str, str]) -> None:
        self.require(action, key)


@dataclass
class FakeTelemetry:
    """CloudWatch as lists."""

    lines: list[str] = field(default_factory=list)
    metrics: list[Record] = field(default_factory=list)

    def open_log(self, region: str, stream: str) -> None:
        self.stream = stream

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        self.lines.extend(lines)

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        self.metrics.extend(metrics)


@dataclass
class Lab:
    """The jobs of one region. Time passes only while one of its methods waits."""

    folder: Path
    runner: asyncio.Runner
    script: str = TRAIN
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    iam: FakeIam = field(default_factory=FakeIam)
    telemetry: FakeTelemetry = field(default_factory=FakeTelemetry)
    built_in: BuiltInRules | None = IMAGE_CLASSIFICATION.built_in

    def start(self, grace_seconds: float = 10.0, at_once: int = 1) -> None:
        """Start, or start again after `stop`."""
        self.run(self._start(grace_seconds, at_once))

    async def _start(self, grace_seconds: float, at_once: int) -> None:
        slots = asyncio.Semaphore(at_once)
        algorithms = Algorithms(
            (replace(IMAGE_CLASSIFICATION, train=self._command, built_in=self.built_in),)
        )
        services = JobServices(
            self.objects,
            self.iam.role,
            algorithms,
            self.telemetry,
            slots,
            grace_seconds=grace_seconds,
        )
        self.store = RecordStore(self.folder, "000000000000", "us-east-1")
        self.training = TrainingJobs(self.store, "us-east-1", self.folder / "training", services)
        self.tuning = TuningJobs(self.store, self.training)
        self.operations: dict[str, Operation] = {
            **self.training.operations,
            **self.tuning.operations,
        }
        self.training.resume()
        self.tuning.resume()

    def stop(self) -> None:
        self.run(self.tuning.aclose())
        self.run(self.training.aclose())

    def run[Result](self, doing: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(doing)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call an operation as the control plane does, with validation of request and answer."""

        async def answer() -> dict[str, Any]:
            model = find_operation("sagemaker", operation)
            check_request(model, request)
            members = self.operations[operation](request)
            assert isinstance(members, Mapping)
            return shape_answer(model, members)

        return self.run(answer())

    def create(self, name: str = "trucks", **changes: Any) -> dict[str, Any]:
        return self.call("CreateTrainingJob", **training_request(name, **changes))

    def describe(self, name: str = "trucks") -> dict[str, Any]:
        return self.call("DescribeTrainingJob", TrainingJobName=name)

    def settle(self, name: str = "trucks") -> dict[str, Any]:
        """Wait until a job has ended."""
        self.run(self.training.ended(name))
        return self.describe(name)

    def wait(self, condition: Callable[[], object]) -> None:
        async def waiting() -> None:
            async with asyncio.timeout(10):
                while not condition():
                    await asyncio.sleep(0.002)

        self.run(waiting())

    def begun(self, name: str = "trucks") -> None:
        """Wait until the algorithm of a job runs."""
        self.wait((self.folder / "training" / name / "model" / "begun").exists)

    def _command(self, folder: Path) -> list[str | Path]:
        return ["sh", "-c", self.script, "algorithm", folder]


def channel(name: str, url: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": url, "S3DataDistributionType": "FullyReplicated"}
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": "application/x-image",
    }


def training_request(name: str = "trucks", **changes: Any) -> dict[str, Any]:
    """Return a valid request; None removes a member."""
    request = {
        "TrainingJobName": name,
        "HyperParameters": {"num_classes": "2"},
        "AlgorithmSpecification": {
            "TrainingImage": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": ROLE,
        "InputDataConfig": [channel("train", "s3://data/train")],
        "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
        "ResourceConfig": {
            "InstanceType": "ml.g4dn.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **changes,
    }
    return {member: value for member, value in request.items() if value is not None}
