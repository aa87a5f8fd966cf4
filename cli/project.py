"""Find the project: the folder with template.yaml and samconfig.toml that the tools work on."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

from cli.errors import CommandError

VARIABLE = "SCONES_PROJECT_DIR"
OPTION = "--project-dir"
MARKS = ("template.yaml", "samconfig.toml")
CHECKOUT = Path(__file__).parents[1]  # of the tools themselves
_DEFAULT_ENVIRONMENT, _DEFAULT_SECTION = "dev", "default"


class ProjectNotFoundError(CommandError):
    """Give --project-dir, set SCONES_PROJECT_DIR, or change into the project's folder."""

    status = 2


class UnknownEnvironmentError(CommandError):
    """The environment has no stack in samconfig.toml."""

    status = 2


def find_project(given: Path | None = None) -> Path:
    """Return the project's folder: the given one, the variable's, or the nearest folder above.

    Raises:
        ProjectNotFoundError: no folder with template.yaml and samconfig.toml is found.
    """
    named = given or (Path(text) if (text := os.environ.get(VARIABLE)) else None)
    if named is not None:
        source = OPTION if given else VARIABLE
        folder = named.expanduser().absolute()
        if not _is_project(folder):
            raise ProjectNotFoundError(
                f"{source} is {str(named)!r}, which does not hold {' and '.join(MARKS)}. "
                "Name the folder that does."
            )
        return folder

    here = Path.cwd()
    for folder in (here, *here.parents):
        if _is_project(folder):
            return folder
    raise ProjectNotFoundError(
        f"No project is found: neither {here} nor a folder above it holds {' and '.join(MARKS)}. "
        f"{ProjectNotFoundError.__doc__}"
    )


def project_or_checkout() -> Path:
    """Return the project's folder, or the checkout of the tools where no project is found."""
    try:
        return find_project()
    except (ProjectNotFoundError, OSError):  # the current folder may be deleted
        return CHECKOUT


def choose_project(arguments: Sequence[str]) -> None:
    """Set SCONES_PROJECT_DIR to the value of --project-dir.

    A command line calls it before it imports modules that read the project's templates.
    """
    for position, word in enumerate(arguments):
        if word == "--":
            return
        name, separator, value = word.partition("=")
        if name == OPTION:
            text = value if separator else "".join(arguments[position + 1 : position + 2])
            if text:
                os.environ[VARIABLE] = str(Path(text).expanduser().absolute())


def stack_of(environment: str, project: Path) -> str:
    """Return the stack's name of an environment, as samconfig.toml has it.

    Raises:
        UnknownEnvironmentError: samconfig.toml has no stack of the environment.
    """
    samconfig = project / "samconfig.toml"
    sections = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    names = {
        _DEFAULT_ENVIRONMENT if section == _DEFAULT_SECTION else section: name
        for section, commands in sections.items()
        if isinstance(commands, dict) and (name := _stack_name(commands))
    }
    if environment not in names:
        raise UnknownEnvironmentError(
            f"{samconfig} has no stack_name for the environment {environment!r}, only for "
            f"{', '.join(names) or 'none'}. Add the section [{environment}.global.parameters], "
            "or name the stack with --stack."
        )
    return names[environment]


def _stack_name(commands: dict[str, dict[str, dict[str, str]]]) -> str | None:
    for command in ("deploy", "global"):
        if name := commands.get(command, {}).get("parameters", {}).get("stack_name"):
            return name
    return None


def _is_project(folder: Path) -> bool:
    return all((folder / mark).is_file() for mark in MARKS)
