"""What the verbs say, and with which exit status they end, where no cloud runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.__main__ import run
from localcloud.server import cloud
from localcloud.server.ownership import Record, claim
from localcloud.server.settings import IMPORT_FOLDER, Folder


@pytest.mark.parametrize("verb", ["down", "env"])
def test_verb_that_needs_a_cloud_says_how_to_start_one(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run([verb, "--state-dir", str(tmp_path)])
    assert (
        "is not running: start it with `python -m localcloud up --detach`"
        in capsys.readouterr().err
    )


def test_env_without_a_cloud_fails_in_the_shell_that_evaluates_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["env", "--state-dir", str(tmp_path)])
    assert "false\n" == capsys.readouterr().out


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_up_on_what_is_no_port_says_what_a_port_is(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(["up", "--state-dir", str(tmp_path), f"--port={port}"])
    assert (
        f"'{port}' is not a port; ports are numbers from 0 (any free one) to 65535"
        in capsys.readouterr().err
    )


def test_status_without_a_cloud_says_that_it_is_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run(["status", "--state-dir", str(tmp_path)])
    assert capsys.readouterr().out.startswith("The local cloud is down.")


@pytest.fixture
def claimed(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_env_of_a_running_cloud_prints_its_url(
    claimed: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim(claimed):
        Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33").write(claimed)
        assert 0 == run(["env", "--state-dir", str(claimed.path)])
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4567\n" in capsys.readouterr().out


def test_env_names_an_aws_cli_that_ignores_the_url(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (claimed.path / "aws").write_text("#!/bin/sh\necho aws-cli/2.9.19 Python/3.11.2\n")
    (claimed.path / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", str(claimed.path))
    with claim(claimed):
        Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33").write(claimed)
        assert 0 == run(["env", "--state-dir", str(claimed.path)])
    assert "AWS CLI 2.9.19" in capsys.readouterr().err


def test_up_of_a_running_cloud_says_where_it_is(
    claimed: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim(claimed):
        Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33").write(claimed)
        assert 0 == run(["up", "--state-dir", str(claimed.path)])
    assert "already up at http://127.0.0.1:4567" in capsys.readouterr().out


def test_up_of_a_running_cloud_on_another_port_is_refused(
    claimed: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim(claimed):
        Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33").write(claimed)
        assert 1 == run(["up", "--state-dir", str(claimed.path), "--port", "4568"])
    assert "is up on port 4567; `python -m localcloud down` stops it" in capsys.readouterr().err


def test_down_of_a_cloud_that_could_not_save_its_state_says_that_changes_are_lost(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33")
    monkeypatch.setattr(cloud, "stop", lambda _folder: record)
    claimed.state.mkdir()
    claimed.unsaved.touch()
    assert 1 == run(["down", "--state-dir", str(claimed.path)])
    shown = capsys.readouterr()
    assert "" == shown.out
    assert "What changed since the last save is lost." in shown.err


def test_run_on_another_python_names_the_one_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 4))
    assert 1 == run(["status"])
    assert "needs Python 3.13, and this is 3.12.4" in capsys.readouterr().err


def test_run_without_its_packages_names_the_missing_one() -> None:
    command = [
        sys.executable,
        "-S",
        "-m",
        "localcloud",
        "status",
    ]  # -S: without what is installed in the environment
    ended = subprocess.run(command, cwd=IMPORT_FOLDER, capture_output=True, check=False, text=True)
    assert 1 == ended.returncode
    assert " is not installed in " in ended.stderr


@pytest.mark.parametrize("verb", [["up"], ["up", "--detach"]])
def test_up_in_a_folder_that_cannot_be_made_says_what_to_do(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert 1 == run([*verb, "--state-dir", str(tmp_path / "file" / ".local")])
    assert "change its permissions, or name another --state-dir" in capsys.readouterr().err
