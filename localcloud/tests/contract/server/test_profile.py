"""Reach the local cloud with tools that have the profile, and no variable of AWS."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.server.aws_profile import write_profile
from localcloud.server.cloud import Cloud

BOTO3 = """
import boto3
session = boto3.Session(profile_name="mine")
print(session.client("sts").get_caller_identity()["Arn"])
"""


@pytest.fixture(scope="module")
def environment(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a user's files, which have the profile, and without variables of AWS."""
    folder = tmp_path_factory.mktemp("home")
    files = {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }
    Path(files["AWS_CONFIG_FILE"]).write_text("[default]\nregion = eu-west-1\n")
    write_profile("mine", cloud.url, files)
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**others, **files, "HOME": str(folder)}


def output(environment: dict[str, str], *command: str) -> str:
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


def test_boto3_with_the_profile_reaches_the_local_cloud(environment: dict[str, str]) -> None:
    shown = output(environment, sys.executable, "-c", BOTO3)
    assert "arn:aws:iam::000000000000:root\n" == shown


def test_aws_cli_with_the_profile_reaches_the_local_cloud(environment: dict[str, str]) -> None:
    shown = output(environment, "aws", "--profile", "mine", "sts", "get-caller-identity")
    assert "arn:aws:iam::000000000000:root" == json.loads(shown)["Arn"]


def test_aws_cli_with_the_profile_calls_an_operation_with_a_host_prefix(
    environment: dict[str, str],
) -> None:
    """Check that the host has no prefix: AWS has sync-states.REGION, and 127.0.0.1 has no
    subdomains.
    """
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:missing"
    command = ["--profile", "mine", "stepfunctions", "start-sync-execution"]
    ended = subprocess.run(
        ["aws", *command, "--state-machine-arn", arn],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "StateMachineDoesNotExist" in ended.stderr
