"""Run the local SageMaker with a real server and boto3 clients, and with fakes."""

import asyncio
import io
import json
import socket
import tarfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import hypercorn.asyncio
import pytest
from botocore.config import Config
from mypy_boto3_sagemaker import SageMakerClient
from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
from starlette.types import ASGIApp, Receive, Scope, Send

from localcloud.api.protocol import AccessDeniedError, Answer, Request
from localcloud.application_autoscaling.registry import ScalingRegistry
from localcloud.sagemaker.algorithms import Algorithm, Algorithms
from localcloud.sagemaker.app import SageMakerApp
from localcloud.sagemaker.hosting.data_capture import CaptureFile
from localcloud.sagemaker.hosting.telemetry import SinkUnavailableError
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.jobs.run import JobServices
from localcloud.sagemaker.object_store import ObjectUnavailableError
from localcloud.sagemaker.surroundings import Surroundings
from localcloud.tests.unit.sagemaker.jobs.lab import FakeIam, FakeObjectStore, FakeTelemetry

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
MODEL_URL = "s3://models/truck/model.tar.gz"
ROLE = "arn:aws:iam::000000000000:role/hosting"


def model_archive(**files: str) -> bytes:
    """Return a model.tar.gz with these files (`_` in a name stands for `.`)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


class FakeArtifactStore(FakeObjectStore):
    """S3 as a dictionary, in which an object may be missing."""

    def read(self, url: str) -> bytes:
        if url not in self.objects:
            raise ObjectUnavailableError("An error occurred (NoSuchKey)")
        return super().read(url)

    def list(self, prefix: str) -> list[str]:
        return sorted(url for url in self.objects if url.startswith(prefix))


@dataclass
class FakeAuthorizer:
    """IAM that allows all but the denied requests, and records them."""

    denied: set[tuple[str, str]] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def authorize(
        self, request: Request, action: str, resource_arn: str, conditions: object = None
    ) -> None:
        self.asked.append((action, resource_arn))
        if (action, resource_arn) in self.denied:
            raise AccessDeniedError(
                f"User: {request.scope['method']} is not authorized to perform: {action}"
            )


@dataclass
class FakeTelemetrySink:
    """CloudWatch and S3 as lists."""

    metrics: list[Mapping[str, Any]] = field(default_factory=list)
    files: list[CaptureFile] = field(default_factory=list)
    unavailable: bool = False

    def put_metrics(self, region: str, data: Iterable[Mapping[str, Any]]) -> None:
        if self.unavailable:
            raise SinkUnavailableError("An error occurred (ServiceUnavailable)")
        self.metrics.extend(data)

    def put_file(self, region: str, file: CaptureFile) -> None:
        if self.unavailable:
            raise SinkUnavailableError("An error occurred (NoSuchBucket)")
        self.files.append(file)


@dataclass
class FakeAlarms:
    """CloudWatch's alarms as a dictionary of states, with a clock that moves ahead."""

    known: dict[str, str] = field(default_factory=dict)
    ahead: float = 0.0

    def states(self, _region: str, names: Iterable[str]) -> dict[str, str]:
        return {name: self.known[name] for name in names if name in self.known}

    def now(self) -> float:
        return time.time() + self.ahead


class FakeContainer:
    """A container that follows the file `behaviour.txt` of its model."""

    def __init__(self, model_folder: Path, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.behaviour = (model_folder / "behaviour.txt").read_text()
        self.asked = threading.Event()
        self.may_answer = asyncio.Event()
        if self.behaviour == "cannot load":
            raise ValueError("model.onnx is missing")

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if self.behaviour == "crash":
            raise RuntimeError("segmentation fault")
        if self.behaviour == "hang":
            await asyncio.Future()
        if self.behaviour == "patient":
            self.asked.set()
            await self.may_answer.wait()

        answered = {
            "content-type": "application/json",
            "x-amzn-sagemaker-custom-attributes": "trace=1",
        }
        if self.behaviour == "refuse":
            return Answer(415, answered, b"no such content type")
        content = {"model": self.behaviour, "bytes": len(body), "headers": dict(headers)}
        return Answer(200, answered, json.dumps(content).encode())


class Server:
    """One server for the whole run; `app` is the current app."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=[self._serve()])
        self._thread.start()

    async def _serve(self) -> None:
        config = hypercorn.Config()
        config.bind = [f"fd://{self._socket.detach()}"]
        config.loglevel = "ERROR"
        await hypercorn.asyncio.serve(
            self._mounted,  # type: ignore[arg-type]
            config,
            shutdown_trigger=self._stop.wait,
        )

    async def _mounted(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self.loop.close()


@dataclass
class Cloud:
    """The local SageMaker under test, with its fakes."""

    server: Server
    state_dir: Path
    artifacts: FakeArtifactStore
    authorizer: FakeAuthorizer
    telemetry: FakeTelemetrySink
    scaling: ScalingRegistry
    control: SageMakerClient
    runtime: SageMakerRuntimeClient
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    iam: FakeIam = field(default_factory=FakeIam)
    containers: list[FakeContainer] = field(default_factory=list)
    algorithms: Sequence[Algorithm] = ()

    def start(
        self, model_time_limit_seconds: float = 30.0, cold_start_seconds: float = 0.0
    ) -> None:
        algorithms = Algorithms(
            (replace(IMAGE_CLASSIFICATION, serve=self._container), *self.algorithms)
        )
        jobs = JobServices(
            self.artifacts, self.iam.role, algorithms, FakeTelemetry(), asyncio.Semaphore()
        )
        surroundings = Surroundings(
            self.artifacts,
            self.authorizer,
            self.telemetry,
            self.scaling,
            self.alarms,
            jobs,
            model_time_limit_seconds=model_time_limit_seconds,
            cold_start_seconds=cold_start_seconds,
        )
        app = SageMakerApp(self.state_dir, surroundings)
        asyncio.run_coroutine_threadsafe(app.start(), self.server.loop).result()
        self.server.app = app

    def restart(self, **options: float) -> None:
        self.stop()
        self.containers.clear()
        self.start(**options)

    def stop(self) -> None:
        assert isinstance(self.server.app, SageMakerApp)
        asyncio.run_coroutine_threadsafe(self.server.app.aclose(), self.server.loop).result()

    def publish(self) -> None:
        assert isinstance(self.server.app, SageMakerApp)
        asyncio.run_coroutine_threadsafe(self.server.app.publish(), self.server.loop).result()

    def create_model(self, name: str, behaviour: str) -> None:
        url = f"s3://models/{name}/model.tar.gz"
        self.artifacts.objects[url] = model_archive(behaviour_txt=behaviour)
        self.control.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": url},
        )

    def create_config(self, name: str, **weights: float) -> None:
        self.control.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": model,
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": weight,
                }
                for model, weight in weights.items()
            ],
        )

    def create_endpoint(self, name: str, behaviour: str = "truck") -> None:
        """Create an endpoint whose model, configuration and variant have its name; wait for its
        end.
        """
        self.create_model(name, behaviour)
        self.create_config(name, **{name: 1.0})
        self.control.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.settle(name)

    def settle(self, name: str) -> str:
        """Wait until the endpoint is neither creating nor updating; return its status."""
        while (
            status := self.control.describe_endpoint(EndpointName=name)["EndpointStatus"]
        ).endswith("ing"):
            time.sleep(0.002)
        return status

    def _container(self, model_folder: Path, variables: Mapping[str, str]) -> FakeContainer:
        container = FakeContainer(model_folder, variables)
        self.containers.append(container)
        return container


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session("AKIDEXAMPLE", "secret", region_name="us-east-1")


@pytest.fixture(scope="session")
def clients(
    server: Server, session: boto3.Session
) -> Iterator[tuple[SageMakerClient, SageMakerRuntimeClient]]:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
    control = session.client("sagemaker", endpoint_url=server.url, config=config)
    runtime = session.client("sagemaker-runtime", endpoint_url=server.url, config=config)
    yield control, runtime
    control.close()
    runtime.close()


@pytest.fixture
def cloud(
    server: Server, clients: tuple[SageMakerClient, SageMakerRuntimeClient], tmp_path: Path
) -> Iterator[Cloud]:
    fakes = FakeArtifactStore(), FakeAuthorizer(), FakeTelemetrySink()
    running = Cloud(
        server, tmp_path / "sagemaker", *fakes, ScalingRegistry(tmp_path / "scaling"), *clients
    )
    running.start()
    yield running
    running.stop()
