"""The command `scones`: one parser for training and operations, and a way to the local cloud."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.project import CHECKOUT
from operations.command_line import COMMANDS
from scones import local_cloud
from scones.command_line import main, make_parser
from training.command_line import STEPS


def run(*words: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m scones` in a folder, as the installed command would."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "SCONES_PROJECT_DIR": "", **variables}
    command = [sys.executable, "-m", "scones", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_help_lists_every_command_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert 0 == ended.value.code
    shown = capsys.readouterr().out
    model, rest = shown.split("\nmodel:\n")[1].split("\nservice:\n")
    service, rest = rest.split("\nlocal cloud:\n")
    assert list(STEPS) == [line.split()[0] for line in model.strip().splitlines()]
    assert list(COMMANDS) == [line.split()[0] for line in service.strip().splitlines()]
    assert ["up", "down", "status", "env", "prepare"] == [
        line.split()[1] for line in rest.split("\n\n")[0].splitlines()
    ]


@pytest.mark.parametrize("command", [*STEPS, *COMMANDS])
def test_every_command_has_the_global_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args([command, "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: scones {command} ")
    for option in ("--profile", "--region", "--environment", "--project-dir", "--json"):
        assert option in shown
    for option in ("--debug", "--quiet", "--version"):
        assert option in shown


def test_hyperparameter_has_meaning_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["train", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "size of a gradient step; a number from 0 to 1 (default: 0.003)" in shown
    assert "momentum of sgd and nag; a number from 0 to 1 (default: 0.9)" in shown


def test_command_outside_of_a_project_says_what_to_do(tmp_path: Path) -> None:
    ended = run("status", folder=tmp_path)
    assert 2 == ended.returncode
    assert "Give --project-dir, set SCONES_PROJECT_DIR" in ended.stderr
    assert [] == list(tmp_path.iterdir())


def test_runs_are_in_the_project_and_sources_in_the_current_folder(tmp_path: Path) -> None:
    project, here = tmp_path / "project", tmp_path / "here"
    for folder in (project, here):
        folder.mkdir()
    (project / "template.yaml").touch()
    (project / "samconfig.toml").touch()
    ended = run(
        "stage", "photo", "--region", "us-east-1", "--project-dir", "../project", folder=here
    )
    assert 1 == ended.returncode
    assert ended.stderr.startswith("SourceNotReadableError: ")
    assert f"{here}" in ended.stderr
    assert ["samconfig.toml", "template.yaml"] == sorted(path.name for path in project.iterdir())
    assert [] == list(here.iterdir())


def test_step_that_writes_leaves_its_run_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "samconfig.toml").touch()
    (tmp_path / "images").mkdir()
    ended = run("train", "--region", "us-east-1", folder=tmp_path / "images")
    assert 1 == ended.returncode
    assert "stage" in ended.stderr
    assert not (tmp_path / "images/runs").exists()


def test_local_cloud_runs_as_a_process_with_its_state_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "samconfig.toml").touch()
    ended = run("local", "status", folder=tmp_path, SCONES_PROJECT_DIR=str(tmp_path))
    assert 1 == ended.returncode
    assert "Start it with `scones local up --detach`" in ended.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["local", "up", "--port", "0"], ([], ["up", "--port", "0"])),
        (["--json", "local", "status"], (["--json"], ["status"])),
        (["--project-dir", "local", "local", "up"], (["--project-dir", "local"], ["up"])),
        (["--project-dir=x", "local", "up"], (["--project-dir=x"], ["up"])),
        (["status", "local"], None),
        (["--project-dir", "local"], None),
        ([], None),
    ],
)
def test_local_is_recognized_after_global_options(
    words: list[str], expected: tuple[list[str], list[str]] | None
) -> None:
    assert expected == local_cloud.split(words)


def test_words_of_the_local_cloud_are_passed_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "samconfig.toml").touch()
    monkeypatch.setenv("SCONES_PROJECT_DIR", "")
    project = ["--project-dir", str(tmp_path)]

    def words(before: list[str], after: list[str]) -> list[str]:
        command = local_cloud.make_command(before, after)
        return command[command.index("localcloud") + 1 :]

    state = ["--state-dir", str(tmp_path / ".localcloud")]
    assert ["up", *state, "--port", "0"] == words(project, ["up", "--port", "0"])
    assert ["up", *state, "--detach"] == words([], ["up", *project, "--detach", "--quiet"])
    assert ["up", "--state-dir", "x"] == words(project, ["up", "--state-dir", "x"])
    assert ["env", *state, "--json"] == words([*project, "--json"], ["env"])
    assert ["env", *state, "--json"] == words(project, ["env", "--json"])
    assert ["--help"] == words(project, ["--help"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--write-profile"], ["--write-profile", "scones-local"]),
        (["--remove-profile", "--json"], ["--remove-profile", "scones-local", "--json"]),
        (["--write-profile", "mine"], ["--write-profile", "mine"]),
        (["--write-profile=mine"], ["--write-profile=mine"]),
    ],
)
def test_profile_is_named_after_the_project_unless_a_name_is_given(
    words: list[str], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCONES_PROJECT_DIR", "")
    command = local_cloud.make_command([], ["env", *words])
    assert expected == command[command.index("env") + 1 :]


def test_local_cloud_needs_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCONES_PROJECT_DIR", "")
    monkeypatch.chdir(tmp_path)
    assert ["-m", "localcloud", "down"] == local_cloud.make_command([], ["down"])[-3:]


def test_no_module_of_the_local_cloud_is_imported() -> None:
    program = "import sys, scones.command_line; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in shown.stdout.split()}
    assert (
        set() == {"localcloud", "ministack", "numpy", "scipy", "matplotlib", "argcomplete"} & loaded
    )
