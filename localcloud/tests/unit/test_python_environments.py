"""Find interpreters, and pass settings of installations on."""

import json
import sys
from pathlib import Path

import pytest

from localcloud.python_environments import (
    PythonMissingError,
    find_python,
    installation_variables,
)


def test_missing_python_is_an_error_with_a_remedy() -> None:
    with pytest.raises(PythonMissingError, match=r"uv python install 3\.99"):
        find_python("3.99")


def test_interpreter_of_a_version_manager_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    managed = tmp_path / f".pyenv/versions/{version}.0/bin"
    managed.mkdir(parents=True)
    (managed / f"python{version}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))

    assert managed / f"python{version}" == find_python(version, tmp_path)


def test_settings_of_installations_are_kept_and_credentials_are_not() -> None:
    outside = {
        "UV_CACHE_DIR": "/cache",
        "SSL_CERT_FILE": "/ca.pem",
        "https_proxy": "http://proxy:3128",
        "AWS_SECRET_ACCESS_KEY": "local",
        "PROXY_PASSWORD": "local",
    }
    assert {"UV_CACHE_DIR", "SSL_CERT_FILE", "https_proxy"} == json.loads(
        installation_variables(outside)
    ).keys()
