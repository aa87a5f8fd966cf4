"""The project's folder, and the stack of an environment."""

from pathlib import Path

import pytest

from cli.project import (
    CHECKOUT,
    ProjectNotFoundError,
    UnknownEnvironmentError,
    choose_project,
    find_project,
    project_or_checkout,
    stack_of,
)

SAMCONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "photos"
[prod.global.parameters]
stack_name = "shared"
[prod.deploy.parameters]
stack_name = "photos-prod"
[blue.build.parameters]
cached = true
"""


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCONES_PROJECT_DIR", "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that is a project."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "template.yaml").touch()
    (folder / "samconfig.toml").write_text(SAMCONFIG)
    return folder


def test_nearest_folder_above_is_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "images/cars").mkdir(parents=True)
    monkeypatch.chdir(project / "images/cars")
    assert project == find_project()


def test_option_is_stronger_than_variable_and_variable_than_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setenv("SCONES_PROJECT_DIR", str(project))
    assert project == find_project()
    assert CHECKOUT == find_project(CHECKOUT)


def test_missing_project_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectNotFoundError, match="Give --project-dir, set SCONES_PROJECT_DIR"):
        find_project()
    assert CHECKOUT == project_or_checkout()


def test_folder_without_the_files_of_a_project_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (project / "runs").mkdir()
    with pytest.raises(ProjectNotFoundError, match=r"--project-dir is 'runs'.*samconfig\.toml"):
        find_project(Path("runs"))
    monkeypatch.setenv("SCONES_PROJECT_DIR", "runs")
    with pytest.raises(ProjectNotFoundError, match="SCONES_PROJECT_DIR is 'runs'"):
        find_project()


@pytest.mark.parametrize(
    "words", [["status", "--project-dir", "x"], ["--project-dir=x", "status", "--json"]]
)
def test_option_is_read_before_the_tools_are_imported(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    environment: dict[str, str] = {}
    monkeypatch.setattr("cli.project.os.environ", environment)
    choose_project(words)
    assert {"SCONES_PROJECT_DIR": str(tmp_path / "x")} == environment


@pytest.mark.parametrize(
    "words", [["status"], ["status", "--project-dir"], ["--", "--project-dir=x"]]
)
def test_command_line_without_the_option_sets_nothing(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: dict[str, str] = {}
    monkeypatch.setattr("cli.project.os.environ", environment)
    choose_project(words)
    assert {} == environment


@pytest.mark.parametrize(("environment", "stack"), [("dev", "photos"), ("prod", "photos-prod")])
def test_environment_finds_its_stack(project: Path, environment: str, stack: str) -> None:
    assert stack == stack_of(environment, project)


@pytest.mark.parametrize("environment", ["blue", "default", "version", "x"])
def test_environment_without_a_stack_is_refused_with_the_known_ones(
    project: Path, environment: str
) -> None:
    with pytest.raises(UnknownEnvironmentError, match=rf"{environment!r}, only for dev, prod\."):
        stack_of(environment, project)
