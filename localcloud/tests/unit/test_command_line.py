"""Check the messages and exit statuses of the commands while no server runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.__main__ import run
from localcloud.server import cloud
from localcloud.server.client_environment import client_environment
from localcloud.server.ownership import Record, claim
from localcloud.server.settings import IMPORT_FOLDER, Folder

RECORD = Record(os.getpid(), 4567, "http://127.0.0.1:4567", "2030-01-01", "1.5.33")


@pytest.mark.parametrize("verb", ["down", "env"])
def test_command_that_needs_a_cloud_shows_how_to_start_one(
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
def test_up_on_an_invalid_port_shows_the_valid_ports(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(["up", "--state-dir", str(tmp_path), f"--port={port}"])
    assert (
        f"'{port}' is not a port. Use a number from 0 (any free port) to 65535."
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
        RECORD.write(claimed)
        assert 0 == run(["env", "--state-dir", str(claimed.path)])
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4567\n" in capsys.readouterr().out


def test_env_names_an_aws_cli_that_ignores_the_url(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (claimed.path / "aws").write_text("#!/bin/sh\necho aws-cli/2.9.19 Python/3.11.2\n")
    (claimed.path / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", str(claimed.path))
    with claim(claimed):
        RECORD.write(claimed)
        assert 0 == run(["env", "--state-dir", str(claimed.path)])
    assert "AWS CLI 2.9.19" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("zsh", "export AWS_ENDPOINT_URL=http://127.0.0.1:4567\n"),
        ("fish", "set -gx AWS_ENDPOINT_URL 'http://127.0.0.1:4567'\n"),
        ("powershell", "$env:AWS_ENDPOINT_URL = 'http://127.0.0.1:4567'\n"),
    ],
)
def test_env_prints_commands_of_a_shell(
    claimed: Folder,
    shell: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["env", "--state-dir", str(claimed.path)]
    with claim(claimed):
        RECORD.write(claimed)
        assert 0 == run([*command, "--shell", shell])
        monkeypatch.setenv("SHELL", f"/usr/bin/{shell}".replace("powershell", "pwsh"))
        by_option = capsys.readouterr().out
        assert 0 == run(command)
    assert expected in by_option
    assert by_option == capsys.readouterr().out


def test_env_without_a_cloud_stops_a_powershell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run(["env", "--shell", "powershell", "--state-dir", str(tmp_path)])
    assert "throw 'The local cloud is not running.'\n" == capsys.readouterr().out


def test_env_removes_variables_while_no_cloud_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in client_environment(RECORD.url, {}).items():
        monkeypatch.setenv(name, value)
    assert 0 == run(["env", "--unset", "--shell", "bash", "--state-dir", str(tmp_path)])
    assert "unset AWS_ENDPOINT_URL\n" in capsys.readouterr().out


def test_env_writes_and_removes_a_profile(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = claimed.path / "aws/config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config.with_name("credentials")))
    with claim(claimed):
        RECORD.write(claimed)
        assert 0 == run(["env", "--write-profile", "mine", "--state-dir", str(claimed.path)])
    written = config.read_text()
    assert 0 == run(["env", "--remove-profile", "mine", "--state-dir", str(claimed.path)])

    shown = capsys.readouterr().out
    assert f"endpoint_url = {RECORD.url}\n" in written
    assert "" == config.read_text()
    assert "aws --profile mine s3 ls\n" in shown
    assert f"The profile mine is removed from {config}.\n" in shown


def test_env_names_its_profile_after_the_package(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(claimed.path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(claimed.path / "credentials"))
    with claim(claimed):
        RECORD.write(claimed)
        assert 0 == run(["env", "--state-dir", str(claimed.path), "--write-profile"])
    assert "[profile localcloud]\n" in (claimed.path / "config").read_text()


def test_env_refuses_to_write_a_profile_named_default(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(claimed.path / "config"))
    with claim(claimed):
        RECORD.write(claimed)
        assert 1 == run(["env", "--write-profile", "default", "--state-dir", str(claimed.path)])
    assert "'default' is not a name for the profile." in capsys.readouterr().err
    assert not (claimed.path / "config").exists()


def test_status_without_a_cloud_is_json_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run(["status", "--json", "--state-dir", str(tmp_path)])
    assert {"running": False} == json.loads(capsys.readouterr().out)


def test_version_names_the_tool_ministack_and_boto3(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--version"])
    assert re.match(r"localcloud .+, ministack [\d.]+, boto3 [\d.]+\n", capsys.readouterr().out)


def test_up_of_a_running_cloud_says_where_it_is(
    claimed: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim(claimed):
        RECORD.write(claimed)
        assert 0 == run(["up", "--state-dir", str(claimed.path)])
    assert "already up at http://127.0.0.1:4567" in capsys.readouterr().out


def test_up_of_a_running_cloud_on_another_port_is_refused(
    claimed: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    with claim(claimed):
        RECORD.write(claimed)
        assert 1 == run(["up", "--state-dir", str(claimed.path), "--port", "4568"])
    assert (
        "is up on port 4567. Stop it with `python -m localcloud down`." in capsys.readouterr().err
    )


def test_down_reports_changes_that_could_not_be_saved(
    claimed: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud, "stop", lambda _folder: RECORD)
    claimed.state.mkdir()
    claimed.unsaved.touch()
    assert 1 == run(["down", "--state-dir", str(claimed.path)])
    shown = capsys.readouterr()
    assert "" == shown.out
    assert "Changes since the last save are lost." in shown.err


def test_run_on_another_python_names_the_one_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 4))
    assert 1 == run(["status"])
    assert "needs Python 3.13, and this is 3.12.4" in capsys.readouterr().err


def test_run_without_its_packages_names_the_missing_one() -> None:
    # -S hides the packages that are installed in the environment.
    command = [sys.executable, "-S", "-m", "localcloud", "status"]
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
