"""Provide a trained run, and hosting that moto lacks: updates, failures and answers."""

import argparse
import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.sagemaker.models import sagemaker_backends

from cli.aws import Aws
from tests.unit.conforming import require_conforming_answer
from tests.unit.training.fake_clients import held_out
from training.project.naming import Names
from training.project.run_file import RunFile, open_run_file
from training.steps import deploy as step
from training.steps import rollback
from training.steps.context import Context
from untrusted.console import Console

BUCKET, ENDPOINT = "photos", "scones-unlimited"
NEWER = f"s3://{BUCKET}/models/newer/model.tar.gz"
LABELS = ["automobile", "truck"]
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


class Hosting:
    """Answer an image by the class index in its bytes; swapped and broken models answer wrongly."""

    def __init__(self, session: boto3.session.Session) -> None:
        self.changes: list[str] = []  # operations that change something, as they are done
        self.interrupted_after: int | None = None
        self.watched: list[dict[str, str]] = []  # the alarms that take the last update back
        self.retained = False  # whether the last update retained the variants' weights and counts
        self.refused: str | None = None  # an operation that exceeds a quota
        self.pending: str | None = None  # the target configuration of an update by another process
        events = session.events
        events.register("before-call.sagemaker.UpdateEndpoint", self.update)
        events.register("before-call.sagemaker.CreateEndpoint", self.create)
        events.register("after-call.sagemaker.CreateEndpoint", self.created)
        events.register("after-call.sagemaker.DescribeEndpoint", self.described)
        events.register("after-call.sagemaker.DescribeEndpointConfig", self.config_described)
        events.register("before-call.sagemaker-runtime.InvokeEndpoint", self.invoke)
        for service in ("sagemaker", "application-autoscaling", "ssm", "cloudwatch"):
            events.register_last(f"after-call.{service}", self.changed)
        for service in ("sagemaker", "sagemaker-runtime"):
            events.register_first(f"after-call.{service}", self.conforms)
        self.reset()

    def reset(self) -> None:
        self.backend = sagemaker_backends["123456789012"]["us-east-1"]
        self.changes.clear()
        self.interrupted_after = self.refused = self.pending = None
        self.before_answer: Callable[[], None] = lambda: None

    def model_data(self, config: str, variant: str | None = None) -> str:
        """Return the URL of a variant's model, or of the configuration's model."""
        variants = self.backend.endpoint_configs[config].production_variants
        model = {one["VariantName"]: one["ModelName"] for one in variants}.get(variant, config)
        return str(self.backend._models[model].primary_container["ModelDataUrl"])

    def is_serverless(self, config: str) -> bool:
        """Whether the variants of an endpoint configuration are."""
        return any(
            one.get("ServerlessConfig")
            for one in self.backend.endpoint_configs[config].production_variants
        )

    def update(self, params: dict[str, Any], **_: Any) -> Any:
        self.refuse("UpdateEndpoint")
        request = json.loads(params["body"])
        self.watched = (
            request.get("DeploymentConfig", {})
            .get("AutoRollbackConfiguration", {})
            .get("Alarms", [])
        )
        self.retained = request.get("RetainAllVariantProperties", False)
        endpoint: Any = self.backend.endpoints[request["EndpointName"]]
        if not self.is_serverless(endpoint.endpoint_config_name) and self.is_serverless(
            request["EndpointConfigName"]
        ):
            message = "An instance-based endpoint cannot be updated to a serverless endpoint."
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": message}}, "UpdateEndpoint"
            )
        if "broken" in self.model_data(request["EndpointConfigName"]):
            endpoint.failure_reason = "The ping health check failed."
        else:
            endpoint.failure_reason = None
            endpoint.endpoint_config_name = request["EndpointConfigName"]
            variants = self.backend.endpoint_configs[
                request["EndpointConfigName"]
            ].production_variants
            running = max(
                one.get("CurrentInstanceCount", 1) for one in endpoint.production_variants
            )
            endpoint.production_variants = endpoint._process_production_variants(variants)
            if self.retained:
                self.scale_out(running)
        return SimpleNamespace(status_code=200), {
            "EndpointArn": endpoint.arn,
            "ResponseMetadata": {},
        }

    def scale_out(self, instances: int) -> None:
        """Set the number of instances, as auto-scaling does."""
        endpoint: Any = self.backend.endpoints[ENDPOINT]
        endpoint.production_variants[0]["CurrentInstanceCount"] = instances

    def create(self, **_: Any) -> None:
        self.refuse("CreateEndpoint")

    def refuse(self, operation: str) -> None:
        """Refuse the operation that is to exceed a quota."""
        if self.refused == operation:
            message = (
                "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances."
            )
            raise ClientError(
                {"Error": {"Code": "ResourceLimitExceeded", "Message": message}}, operation
            )

    def created(self, **_: Any) -> None:
        endpoint: Any
        for endpoint in self.backend.endpoints.values():
            if "broken" in self.model_data(endpoint.endpoint_config_name):
                endpoint.endpoint_status, endpoint.failure_reason = (
                    "Failed",
                    "The ping health check failed.",
                )

    def described(self, parsed: dict[str, Any], **_: Any) -> None:
        if self.pending:
            parsed["EndpointConfigName"] = "the one before"
            parsed["PendingDeploymentSummary"] = {"EndpointConfigName": self.pending}

    def config_described(self, parsed: dict[str, Any], **_: Any) -> None:
        for member in [member for member, value in parsed.items() if value == {}]:
            del parsed[member]  # SageMaker has no empty structures

    def invoke(self, params: dict[str, Any], **_: Any) -> Any:
        self.before_answer()
        variant = params["headers"].get("X-Amzn-SageMaker-Target-Variant", "AllTraffic")
        data = self.model_data(self.backend.endpoints[ENDPOINT].endpoint_config_name, variant)
        answer = [0.2, 0.2]
        answer[int(params["body"]) ^ ("swapped" in data)] = 0.8
        answer = [0.2, 0.3, 0.5] if "three" in data else answer
        body = io.BytesIO(json.dumps(answer).encode())
        return SimpleNamespace(status_code=200), {"Body": body, "InvokedProductionVariant": variant}

    def conforms(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        """Assert that the answer, which may be ours, is one that SageMaker could give."""
        if "Error" not in parsed:
            require_conforming_answer(parsed, model)

    def changed(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(("Describe", "List", "Get")):
            self.changes.append(model.name)
            if len(self.changes) == self.interrupted_after:
                raise KeyboardInterrupt


@pytest.fixture(scope="session")
def hosting_account() -> tuple[Aws, Hosting]:
    """Share one set of clients, whose creation takes a second; each test has a new account."""
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    return Aws(session), Hosting(session)


@pytest.fixture
def hosting(hosting_account: tuple[Aws, Hosting]) -> Iterator[Hosting]:
    """SageMaker's hosting, before the step's first call."""
    with mock_aws(), held_out(hosting_account[0].s3):
        hosting_account[1].reset()
        yield hosting_account[1]


@pytest.fixture
def trained(
    hosting_account: tuple[Aws, Hosting], hosting: Hosting, run_file: RunFile, shown: io.StringIO
) -> Context:
    """The context of a run that is staged and trained."""
    seconds = count()

    def next_second() -> datetime:
        """Names are dated to the second: each look at this clock is another second."""
        return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=next(seconds))

    context = Context(
        hosting_account[0], Names(now=next_second), run_file, Console(file=shown, width=200)
    )
    aws, run = context.aws, context.run
    aws.iam.create_role(
        RoleName="sagemaker", AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]})
    )
    aws.s3.create_bucket(Bucket=BUCKET)
    for split in ("train", "validation", "calibration"):
        lines = [f"{index}\t{index}\t{LABELS[index]}/{index}.png\n" for index in range(2)]
        aws.s3.put_object(
            Bucket=BUCKET, Key=f"datasets/default/{split}_lst/{split}.lst", Body="".join(lines)
        )
        for index in range(2):
            key = f"datasets/default/{split}/{LABELS[index]}/{index}.png"
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=str(index))
    put_model(aws, "good")
    counts = {split: dict.fromkeys(LABELS, 1) for split in ("train", "validation", "calibration")}
    staged = {"bucket": BUCKET, "prefix": "datasets/default", "labels": LABELS, "counts": counts}
    run.begin("stage")
    run.done("stage", staged | {"digest": "sha256:data", "recordio": False})
    run.begin("train")
    run.done("train", train_result())
    return context


@pytest.fixture
def trained_by_us(trained: Context) -> Context:
    """The context of a run whose model was trained by our algorithm; `NEWER` is another one."""
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    trained.run.begin("train")
    model = {
        "model_data": f"s3://{BUCKET}/models/script/model.tar.gz",
        "model_digest": f"sha256:{sha256(archive(brings_code=True)).hexdigest()}",
    }
    put_model(trained.aws, "script")
    newer = archive("another", brings_code=True)
    trained.aws.s3.put_object(Bucket=BUCKET, Key="models/newer/model.tar.gz", Body=newer)
    trained.run.done("train", train_result() | {"image": image} | model)
    return trained


@pytest.fixture
def deploy(trained: Context) -> Callable[..., dict[str, Any]]:
    """Run the step with these arguments."""

    def run(*arguments: str, context: Context = trained) -> dict[str, Any]:
        parser = argparse.ArgumentParser()
        step.add_arguments(parser)
        return step.run(context, parser.parse_args(arguments))

    return run


def interrupt(context: Context, hosting: Hosting, changes: int, step: Callable[[], object]) -> None:
    """Interrupt a step after this number of changes, and read its run from the disk again."""
    hosting.changes.clear()
    hosting.interrupted_after = changes
    with pytest.raises(KeyboardInterrupt):
        step()
    hosting.interrupted_after = None
    context.run.steps = open_run_file(context.run.folder).steps


def roll_back(context: Context, *arguments: str) -> dict[str, Any]:
    """Run `rollback` without a terminal."""
    parser = argparse.ArgumentParser()
    parser.set_defaults(json=True)
    rollback.add_arguments(parser)
    return rollback.run(context, parser.parse_args(arguments))


def serving(context: Context) -> str:
    """Return the endpoint configuration in service."""
    return context.aws.sagemaker.describe_endpoint(EndpointName=context.names.endpoint)[
        "EndpointConfigName"
    ]


def scaled(context: Context) -> list[tuple[int, int]]:
    """The fewest and the most instances between which the endpoint scales, if it does."""
    targets = context.aws.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    return [(target["MinCapacity"], target["MaxCapacity"]) for target in targets]


def alarms(context: Context) -> list[str]:
    """The names of all alarms."""
    return [
        alarm["AlarmName"] for alarm in context.aws.cloudwatch.describe_alarms()["MetricAlarms"]
    ]


MODELS = {"script", "good", "better", "best", "swapped", "broken", "three", "other"}


def put_model(aws: Aws, name: str) -> None:
    """Put a model into the bucket: other has another digest, script brings its code along."""
    body = archive("another") if name == "other" else archive(brings_code=name == "script")
    aws.s3.put_object(Bucket=BUCKET, Key=f"models/{name}/model.tar.gz", Body=body)


@pytest.fixture
def model_url(trained: Context) -> Callable[[str], str]:
    """Store a model in the bucket, and return its URL; another name stays missing."""
    there = {"good"}

    def put(name: str) -> str:
        if name in MODELS - there:
            put_model(trained.aws, name)
            there.add(name)
        return f"s3://{BUCKET}/models/{name}/model.tar.gz"

    return put


@pytest.fixture
def swap_model(trained: Context) -> Callable[[], None]:
    """Put another model in the place of the one that was trained."""

    def swap() -> None:
        trained.aws.s3.put_object(
            Bucket=BUCKET, Key="models/good/model.tar.gz", Body=archive("another")
        )

    return swap


@cache
def archive(backbone: str = "EfficientNet-Lite0", brings_code: bool = False) -> bytes:
    """A model.tar.gz that is the same whenever it is made."""
    packed, described = io.BytesIO(), json.dumps({"backbone": {"name": backbone}}).encode()
    code = [tarfile.TarInfo("code/inference.py")] if brings_code else []
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file,
        tarfile.open(fileobj=file, mode="w") as tar,
    ):
        member = tarfile.TarInfo("model.json")
        member.size = len(described)
        tar.addfile(member, io.BytesIO(described))
        for empty in code:
            tar.addfile(empty)
    return packed.getvalue()


def train_result() -> dict[str, Any]:
    return {
        "training_job": "job-1",
        "model_data": f"s3://{BUCKET}/models/good/model.tar.gz",
        "model_digest": f"sha256:{sha256(archive()).hexdigest()}",
        "image": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
        "role": ROLE,
        "dataset_digest": "sha256:data",
        "labels": LABELS,
        "hyperparameters": {"num_layers": "18"},
        "metrics": {"validation:accuracy": 0.94},
    }
