"""Keep the server's environment free of the user's account and inside its folder."""

import sys
from pathlib import Path

import pytest

from localcloud.server.settings import Folder, data_folder, server_environment

OUTSIDE = {
    "PATH": "/usr/bin",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SESSION_TOKEN": "token",
    "AWS_PROFILE": "work",
    "SERVICES": "s3",
    "S3_DATA_DIR": "/elsewhere",
    "HTTP_PROXY": "http://proxy:3128",
}


def test_environment_has_no_variable_of_the_users_account(tmp_path: Path) -> None:
    environment = server_environment(Folder(tmp_path), 4566, OUTSIDE)
    assert "local" == environment["AWS_ACCESS_KEY_ID"]
    assert not {"AWS_SESSION_TOKEN", "AWS_PROFILE", "SERVICES", "HTTP_PROXY"} & environment.keys()


def test_environment_has_only_folders_of_the_cloud(tmp_path: Path) -> None:
    environment = server_environment(Folder(tmp_path), 4566, OUTSIDE)
    folders = {name: environment[name] for name in ("TMPDIR", "STATE_DIR", "S3_DATA_DIR")}
    assert [] == [name for name, path in folders.items() if not Path(path).is_relative_to(tmp_path)]


def test_environment_keeps_onnxruntime_from_reporting(tmp_path: Path) -> None:
    assert "1" == server_environment(Folder(tmp_path), 4566, OUTSIDE)["ORT_DISABLE_TELEMETRY"]


def test_environment_passes_the_path_on(tmp_path: Path) -> None:
    assert "/usr/bin" == server_environment(Folder(tmp_path), 4566, OUTSIDE)["PATH"]


def test_state_is_kept_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tmp_path / ".localcloud" == Folder().path


def test_local_clouds_share_a_folder_in_the_python_environment() -> None:
    assert Path(sys.prefix) / "share/localcloud" == data_folder({})


def test_local_clouds_share_the_folder_that_is_named(tmp_path: Path) -> None:
    outside = {"LOCALCLOUD_DATA_DIR": str(tmp_path)}
    assert tmp_path == data_folder(outside)
    assert tmp_path == data_folder(server_environment(Folder(tmp_path / "cloud"), 4566, outside))
