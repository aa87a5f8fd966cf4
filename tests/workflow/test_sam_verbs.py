"""Each command of the SAM CLI works on the local cloud, or is refused with a named error."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

STACK = "verbs"
HANDLER = "def handler(event, context):\n    return {version}\n"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Greeting:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: greeting, Handler: app.handler, Runtime: python3.13}
"""
NOT_EMULATED = {
    "xray": ["traces"],
    "schemas": ["remote", "test-event", "list", "Greeting", "--stack-name", STACK],
}

pytestmark = pytest.mark.long


def sam(cloud: Cloud, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sam", *arguments],
        cwd=project,
        env=cloud.environment,
        input="y\n",  # sync asks whether the stack is for development
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def sync(cloud: Cloud, project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    given = ["--stack-name", STACK, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    return sam(cloud, project, "sync", *given, *options)


def write_handler(project: Path, version: int) -> None:
    (project / "greeting/app.py").write_text(HANDLER.format(version=version))


def answer(cloud: Cloud) -> bytes:
    """Return the answer of the deployed function."""
    found = cloud.client("cloudformation").describe_stack_resource(
        StackName=STACK,
        LogicalResourceId="Greeting",
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    return bytes(cloud.client("lambda").invoke(FunctionName=name)["Payload"].read())


@pytest.fixture(scope="module")
def project(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Deploy a stack of one function with `sam sync`, and delete it with `sam delete`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "greeting").mkdir()
    (folder / "greeting/requirements.txt").touch()
    (folder / "template.yaml").write_text(TEMPLATE)
    write_handler(folder, 1)
    ended = sync(cloud, folder, "--no-dependency-layer")
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    yield folder
    ended = sam(cloud, folder, "delete", "--stack-name", STACK, "--no-prompts")
    assert 0 == ended.returncode, ended.stderr
    with pytest.raises(ClientError, match="does not exist"):
        cloud.client("cloudformation").describe_stacks(StackName=STACK)


def test_sync_deploys_a_stack_and_later_only_its_code(cloud: Cloud, project: Path) -> None:
    assert b"1" == answer(cloud)
    write_handler(project, 2)
    ended = sync(cloud, project, "--no-dependency-layer", "--code")
    assert 0 == ended.returncode, ended.stderr
    assert b"2" == answer(cloud)


def test_sync_with_a_dependency_layer_is_refused_with_a_named_error(
    cloud: Cloud, project: Path
) -> None:
    ended = sync(cloud, project, "--dependency-layer")
    assert 1 == ended.returncode
    events = cloud.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert "AWS::Serverless::LayerVersion" in reasons


@pytest.mark.parametrize("service", NOT_EMULATED)
def test_service_that_is_not_emulated_is_refused_with_a_named_error(
    cloud: Cloud, project: Path, service: str
) -> None:
    ended = sam(cloud, project, *NOT_EMULATED[service])
    assert 1 == ended.returncode
    assert f"{service} is not emulated by the local cloud" in ended.stderr
