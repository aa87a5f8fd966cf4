"""Start the servers that endpoint_throughput compares: a local endpoint and LitServe."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from algorithm import model
from algorithm.backbone import FEATURES, load_backbone
from algorithm.head import Head
from localcloud.server.cloud import Cloud, require, running
from localcloud.server.settings import ACCESS_KEY, REGION, SECRET_KEY, Folder

ENDPOINT = "benchmark"
PATH = f"/endpoints/{ENDPOINT}/invocations"
ROLE = "arn:aws:iam::000000000000:role/benchmark"
CONTAINER = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
LITSERVE = Path("build/litserve-venv")
LITSERVE_REQUIREMENTS = Path("requirements/litserve.txt")
CLASSES = 2


class NoLitServeError(Exception):
    """LitServe cannot be installed or started, so the comparison with it is not possible."""


@dataclass(frozen=True)
class Server:
    """A running server: its address, the caller's keys, and the root of its processes."""

    address: str
    credentials: Credentials
    pid: int

    def request(self, image: bytes, content_type: str) -> bytes:
        """Return a complete, signed HTTP request, as boto3's invoke_endpoint sends it."""
        headers = {
            "Host": self.address,
            "Content-Type": content_type,
            "User-Agent": "Boto3/1.43.106 Botocore/1.43.106",
        }
        request = AWSRequest("POST", f"http://{self.address}{PATH}", data=image, headers=headers)
        SigV4Auth(self.credentials, "sagemaker", REGION).add_auth(request)
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())

        return (
            f"POST {PATH} HTTP/1.1\r\n{lines}Content-Length: {len(image)}\r\n\r\n".encode() + image
        )

    def megabytes(self) -> float:
        """Return the memory of all its processes."""
        return megabytes(descendants(self.pid))

    def cpu_seconds(self) -> float:
        """Return the CPU time that its processes have used."""
        return cpu_seconds(descendants(self.pid))


def megabytes(pids: Iterable[int]) -> float:
    """Return the memory of processes; memory that they share is counted once (PSS)."""
    return sum(_status(pid, "smaps_rollup", "Pss") for pid in pids) / 1024


def descendants(pid: int) -> list[int]:
    """Return a process and the processes that it has started."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in files for child in file.read_text().split()]
    return [pid, *(one for child in children for one in descendants(child))]


def _status(pid: int, file: str, field: str) -> int:
    [line] = [
        line
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines()
        if line.startswith(f"{field}:")
    ]
    return int(line.split()[1])


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time of processes and of those of their children that have ended."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    ticks = sum(int(field) for fields in stats for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def make_model(folder: Path) -> Path:
    """Make a model of two classes on the real backbone; its random head does not affect speed."""
    folder.mkdir()
    backbone = load_backbone()
    random = np.random.default_rng(0)
    head = Head(
        random.normal(0, 0.01, (FEATURES, CLASSES)).astype(np.float32),
        np.zeros(CLASSES, np.float32),
    )
    description = {
        "backbone": {"name": backbone.name, "sha256": backbone.sha256},
        "num_classes": CLASSES,
    }
    model.save(folder, head, description)

    return folder


@contextmanager
def local_endpoint(state_dir: Path, model_folder: Path, as_user: bool) -> Iterator[Server]:
    """Yield an endpoint of a local cloud that serves the model.

    Clients use the keys of `python -m localcloud env`, the account's root. With `as_user` they use
    the keys of a user whose policy allows only this call. MiniStack then checks signature and
    policy, which takes 0.3 ms more a request.
    """
    with running(state_dir) as cloud:
        archive = model.pack(model_folder, state_dir / "model.tar.gz")
        _create_endpoint(cloud, archive)
        address = cloud.url.removeprefix("http://")
        credentials = _user(cloud) if as_user else Credentials(ACCESS_KEY, SECRET_KEY)
        yield Server(address, credentials, require(Folder(state_dir.resolve())).pid)


def _create_endpoint(cloud: Cloud, archive: Path) -> None:
    cloud.client("s3").create_bucket(Bucket="models")
    cloud.client("s3").upload_file(str(archive), "models", archive.name)
    _create_role(cloud)
    sagemaker = cloud.client("sagemaker")
    container = {"Image": CONTAINER, "ModelDataUrl": f"s3://models/{archive.name}"}
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": ENDPOINT, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=ENDPOINT, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=ENDPOINT, WaiterConfig={"Delay": 1}
    )


def _create_role(cloud: Cloud) -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
    }
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}
    iam = cloud.client("iam")
    name = ROLE.rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.put_role_policy(
        RoleName=name, PolicyName="read", PolicyDocument=json.dumps({"Statement": [read]})
    )


def _user(cloud: Cloud) -> Credentials:
    statement = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = cloud.client("iam")
    iam.create_user(UserName="benchmark")
    iam.put_user_policy(UserName="benchmark", PolicyName="invoke", PolicyDocument=policy)
    key = iam.create_access_key(UserName="benchmark")["AccessKey"]

    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@contextmanager
def litserve(model_folder: Path, log: Path) -> Iterator[Server]:
    """Yield LitServe with the same model, decoding and onnxruntime, in a separate environment.

    Raises:
        NoLitServeError: LitServe cannot be installed or started.
    """
    python = _litserve_python()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(python), "-m", "benchmarks.litserve_server", str(model_folder), str(port), PATH]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            _await(f"http://127.0.0.1:{port}/health", process, log)
            yield Server(f"127.0.0.1:{port}", Credentials("nobody", "secret"), process.pid)
        finally:
            os.killpg(
                process.pid, signal.SIGKILL
            )  # LitServe does not stop its own processes on SIGTERM


def _litserve_python() -> Path:
    python = LITSERVE / "bin/python"
    uv = str(Path(sys.executable).with_name("uv"))
    make = [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(LITSERVE)]
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]

    for command in (make, [*install, "-r", str(LITSERVE_REQUIREMENTS)]):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            raise NoLitServeError(f"LitServe cannot be installed: {said.strip()}") from error

    return python


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 # nosec B310
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise NoLitServeError(f"LitServe does not answer; it said:\n{log.read_text()}")
