"""Check the code that Python runs at its start in the environment of clients."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localcloud.python_startup.sitecustomize import keep_clients_local
from localcloud.server.client_environment import client_environment

URL = "http://127.0.0.1:4566"


class FakeSession:
    """A botocore Session whose clients are their own arguments."""

    def create_client(
        self, service: str, region_name: str | None = None, endpoint_url: str | None = None
    ) -> Any:
        return service, region_name, endpoint_url


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Session(FakeSession):
        pass

    monkeypatch.setenv("AWS_ENDPOINT_URL", URL)
    keep_clients_local(Session)
    return Session()


@pytest.mark.parametrize(
    "url", ["https://sts.us-east-1.amazonaws.com", "https://sts.cn-north-1.amazonaws.com.cn"]
)
def test_endpoint_of_aws_in_code_is_ignored(session: Any, url: str) -> None:
    assert ("sts", "us-east-1", None) == session.create_client(
        "sts", region_name="us-east-1", endpoint_url=url
    )


@pytest.mark.parametrize(
    "url", [None, URL, "http://localhost:9000", "https://amazonaws.com.example.org"]
)
def test_any_other_endpoint_is_used(session: Any, url: str | None) -> None:
    assert ("s3", None, url) == session.create_client("s3", endpoint_url=url)


def test_endpoint_of_aws_is_used_outside_the_local_cloud(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    url = "https://sts.us-east-1.amazonaws.com"

    assert ("sts", None, url) == session.create_client("sts", endpoint_url=url)


def test_client_of_boto_in_the_environment_of_clients_ignores_an_endpoint_of_aws() -> None:
    program = """
import botocore.session
endpoint = "https://sts.us-east-1.amazonaws.com"
client = botocore.session.Session().create_client("sts", endpoint_url=endpoint)
print(client.meta.endpoint_url)
"""
    assert URL == printed(program, client_environment(URL, {}))


def test_sitecustomize_that_is_hidden_is_run(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = True")
    environment = client_environment(URL, {"PYTHONPATH": str(tmp_path)})

    assert "True" == printed("import sys; print(sys.customized)", environment)


def test_python_path_of_a_nested_environment_names_the_folder_once() -> None:
    first = client_environment(URL, {"PYTHONPATH": "/elsewhere"})["PYTHONPATH"]

    assert first == client_environment(URL, {"PYTHONPATH": first})["PYTHONPATH"]
    assert ["/elsewhere"] == first.split(os.pathsep)[1:]


def printed(program: str, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    )
    return ended.stdout.strip()
