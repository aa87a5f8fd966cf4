"""Run the local cloud as a process: its port, its clients, its state, and its end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud, StartFailedError, require, running
from localcloud.server.listener import open_listener
from localcloud.server.ownership import find
from localcloud.server.settings import IMPORT_FOLDER, Folder

TLS_BUCKET = "requires-tls"


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "did not happen within 30 seconds"
        time.sleep(0.05)


def _listening(pid: int) -> list[str]:
    """Return the addresses that a process listens on, as /proc has them."""
    sockets = {
        link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()
    }
    tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table.splitlines()]
    return [
        line[1].split(":")[0]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in sockets
    ]


def test_cloud_listens_on_one_loopback_port(cloud: Cloud, shared_folder: Path) -> None:
    record = find(Folder(shared_folder))
    assert record is not None
    assert ["0100007F"] == _listening(record.pid)


def test_client_of_the_cloud_is_the_accounts_root(cloud: Cloud) -> None:
    assert "arn:aws:iam::000000000000:root" == cloud.client("sts").get_caller_identity()["Arn"]


def test_sagemaker_requests_reach_the_local_sagemaker(cloud: Cloud) -> None:
    assert (
        [] == cloud.client("sagemaker").list_endpoints(NameContains="no-such-endpoint")["Endpoints"]
    )


def test_aws_command_line_in_the_clouds_environment_reaches_it(cloud: Cloud) -> None:
    command = ["aws", "stepfunctions", "list-state-machines"]
    answer = subprocess.run(
        command, env=cloud.environment, capture_output=True, check=True, text=True
    )
    assert {"stateMachines": []} == json.loads(answer.stdout)


def test_request_of_a_web_page_is_refused(cloud: Cloud) -> None:
    page = urllib.request.Request(cloud.url, headers={"Origin": "http://localhost:3000"})
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(page)
    refused.value.close()


@pytest.fixture
def reader(cloud: Cloud, client_of_user: Callable[..., Any]) -> Any:
    """An S3 client of a user who may read a bucket whose policy requires TLS."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=TLS_BUCKET)
    s3.put_object(Bucket=TLS_BUCKET, Key="parcels/a", Body=b"a")

    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{TLS_BUCKET}", f"arn:aws:s3:::{TLS_BUCKET}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3.put_bucket_policy(Bucket=TLS_BUCKET, Policy=policy)

    resource = f"arn:aws:s3:::{TLS_BUCKET}/parcels/*"
    return client_of_user("s3", {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource})


def test_loopback_counts_as_tls_for_a_bucket_policy(reader: Any) -> None:
    assert b"a" == reader.get_object(Bucket=TLS_BUCKET, Key="parcels/a")["Body"].read()
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket=TLS_BUCKET, Key="parcels/b", Body=b"b")


def test_two_clouds_at_once_have_separate_state(cloud: Cloud, tmp_path: Path) -> None:
    with running(tmp_path) as other:
        other.client("ssm").put_parameter(Name="only-here", Value="1", Type="String")
        here = cloud.client("ssm").describe_parameters()["Parameters"]
        assert "only-here" not in [parameter["Name"] for parameter in here]


def test_running_execution_ends_before_the_cloud_stops(tmp_path: Path) -> None:
    wait = {"Type": "Wait", "Seconds": 1, "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": {"Wait": wait}}
    with running(tmp_path) as first:
        principal = {"Service": "states.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = first.client("iam").create_role(RoleName="workflow", AssumeRolePolicyDocument=trust)[
            "Role"
        ]["Arn"]
        states = first.client("stepfunctions")
        machine = states.create_state_machine(
            name="slow", definition=json.dumps(definition), roleArn=role
        )
        execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])[
            "executionArn"
        ]
    assert not Folder(tmp_path).unsaved.exists()
    with running(tmp_path) as second:
        described = second.client("stepfunctions").describe_execution(executionArn=execution)
        assert "SUCCEEDED" == described["status"]


def test_state_survives_a_stop(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.client("s3").create_bucket(Bucket="kept")
        first.client("s3").put_object(Bucket="kept", Key="a b+é#", Body=b"content")
    with running(tmp_path) as second:
        found = second.client("s3").get_object(Bucket="kept", Key="a b+é#")
        assert b"content" == found["Body"].read()


def _python_m_local(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "localcloud", *map(str, arguments)]
    return subprocess.run(
        command, cwd=IMPORT_FOLDER, capture_output=True, check=True, text=True
    ).stdout


def test_killed_cloud_restarts_on_its_port_with_its_saved_state(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    _python_m_local("up", "--detach", "--port", "0", "--state-dir", tmp_path)
    record = require(folder)
    Cloud(record.url).client("ssm").put_parameter(Name="kept", Value="1", Type="String")
    _until((folder.state / "ministack" / "ssm.json").exists)
    os.kill(record.pid, signal.SIGKILL)
    _until(lambda: find(folder) is None)

    _python_m_local("up", "--detach", "--state-dir", tmp_path)
    try:
        kept = Cloud(record.url).client("ssm").get_parameter(Name="kept")["Parameter"]["Value"]
        assert record.url == require(folder).url
        assert "1" == kept
    finally:
        _python_m_local("down", "--state-dir", tmp_path)


@pytest.mark.long
def test_cloud_that_cannot_save_its_state_says_so_when_it_stops(tmp_path: Path) -> None:
    _python_m_local("up", "--detach", "--port", "0", "--state-dir", tmp_path)
    saves = Folder(tmp_path).state / "ministack"
    shutil.rmtree(saves, ignore_errors=True)
    saves.touch()  # a file cannot have files below it
    command = [sys.executable, "-m", "localcloud", "down", "--state-dir", str(tmp_path)]
    stopped = subprocess.run(
        command, cwd=IMPORT_FOLDER, capture_output=True, check=False, text=True
    )
    assert 1 == stopped.returncode
    assert "Changes since the last save are lost" in stopped.stderr
    assert "The state could not be saved" in Folder(tmp_path).output.read_text()


def test_detached_cloud_serves_until_it_is_stopped(tmp_path: Path) -> None:
    said = _python_m_local("up", "--detach", "--port", "0", "--state-dir", tmp_path)
    record = require(Folder(tmp_path))
    assert f"The local cloud is up at {record.url}.\n" in said
    assert f"up at {record.url} since" in _python_m_local("status", "--state-dir", tmp_path)
    described = json.loads(_python_m_local("status", "--json", "--state-dir", tmp_path))
    assert {"running": True, "url": record.url, "process": record.pid}.items() <= described.items()
    assert [[], [], [], []] == [
        described[kind] for kind in ("stacks", "functions", "endpoints", "workflows")
    ]
    assert f"at {record.url} has stopped" in _python_m_local("down", "--state-dir", tmp_path)
    assert find(Folder(tmp_path)) is None


def test_cloud_stops_when_the_process_that_runs_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from localcloud.server.cloud import running\n"
        "with running(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=IMPORT_FOLDER, check=False
    )
    assert -signal.SIGKILL == killed.returncode
    _until(lambda: find(Folder(tmp_path)) is None)


def test_cloud_on_a_taken_port_does_not_start_and_says_why(tmp_path: Path) -> None:
    with open_listener(0) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(StartFailedError, match=f"Port {port} is in use"),
            running(tmp_path, port),
        ):
            pass


@pytest.mark.parametrize("verb", [["up", "--port", "0"], ["up", "--port", "0", "--detach"]])
def test_first_start_without_a_network_ends_with_a_remedy(verb: list[str], tmp_path: Path) -> None:
    folders = {
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "LOCALCLOUD_DATA_DIR": str(tmp_path / "data"),
    }
    environment = {**os.environ, **folders, "UV_OFFLINE": "1"}
    command = [sys.executable, "-m", "localcloud", *verb, "--state-dir", str(tmp_path / "cloud")]
    ended = subprocess.run(
        command, cwd=IMPORT_FOLDER, env=environment, capture_output=True, check=False, text=True
    )
    assert 1 == ended.returncode
    assert "Check the network and uv's settings, and try again." in ended.stderr
    assert not (tmp_path / "cloud").exists()
