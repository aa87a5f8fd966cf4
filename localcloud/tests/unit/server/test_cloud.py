"""Make clients on the machine of a user who has other AWS settings."""

from pathlib import Path

import pytest

from localcloud.server.cloud import Cloud

URL = "http://127.0.0.1:4566"


def test_client_does_not_need_the_users_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-on-this-machine")
    assert URL == Cloud(URL).client("s3").meta.endpoint_url


def test_client_does_not_read_the_users_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[broken")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert URL == Cloud(URL).resource("dynamodb").meta.client.meta.endpoint_url
