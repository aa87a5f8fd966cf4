"""Set variables in each shell, with any characters in their values."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from localcloud.server.shells import SHELLS, detected_shell, evaluation

VALUES = [
    "plain",
    "two words",
    "it's",
    'a "quoted" word',
    "$HOME and `id` and $(touch x)",
    "back\\slash \\' \\\\",
    "semi;colon & | > < * ? ~ # !",
    "typographic \u2018 \u2019 \u201a \u201b quotes",
    "",
]


def run(shell: str, commands: list[str], **outside: str) -> str:
    """Run commands in a shell; return the output."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    return subprocess.run(
        [program, "-c", "\n".join(commands)],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **outside},
        capture_output=True,
        check=True,
        text=True,
        timeout=20,
    ).stdout


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_sets_a_variable_for_programs(shell: str, value: str) -> None:
    show = "import os; print(os.environ['NAME'], end='')"
    commands = [SHELLS[shell].set("NAME", value), f'python3 -c "{show}"']
    assert value == run(shell, commands)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_removes_a_variable(shell: str) -> None:
    syntax = SHELLS[shell]
    commands = [syntax.unset("VALUE"), syntax.unset("MISSING"), "env"]
    assert "VALUE=" not in run(shell, commands, VALUE="set")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_aws_gets_the_endpoint_until_the_shell_forgets_it(shell: str, tmp_path: Path) -> None:
    (tmp_path / "aws").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "aws").chmod(0o755)
    syntax = SHELLS[shell]
    commands = [
        *syntax.define_aws,
        syntax.set("AWS_ENDPOINT_URL", "http://x"),
        "aws s3 ls",
        syntax.unset("AWS_ENDPOINT_URL"),
        "aws s3 ls",
        syntax.set("AWS_ENDPOINT_URL", "http://x"),
        *syntax.forget_aws,
        "aws s3 ls",
    ]
    called = run(shell, commands, PATH=f"{tmp_path}:/usr/bin:/bin").splitlines()
    assert ["--endpoint-url=http://x s3 ls", "s3 ls", "s3 ls"] == called


def powershell_value(command: str) -> str:
    """Read `$env:NAME = '...'` by the rule of about_Quoting_Rules: two quotes are one."""
    name, _, literal = command.partition(" = ")
    assert "$env:NAME" == name
    assert literal[0] == literal[-1] == "'"
    quotes = "'\u2018\u2019\u201a\u201b"
    inner = literal[1:-1]
    value = ""
    while inner:
        if inner[0] in quotes:
            assert inner[1] in quotes, "the string ends here"
            inner = inner[1:]
        value = value + inner[0]
        inner = inner[1:]
    return value


@pytest.mark.parametrize("value", VALUES)
def test_powershell_reads_the_value_of_a_literal(value: str) -> None:
    assert value == powershell_value(SHELLS["powershell"].set("NAME", value))


def test_powershell_removes_variables_and_functions_that_may_be_missing() -> None:
    syntax = SHELLS["powershell"]
    assert "Remove-Item -ErrorAction Ignore Env:NAME" == syntax.unset("NAME")
    assert ("Remove-Item -ErrorAction Ignore Function:aws",) == syntax.forget_aws


@pytest.mark.parametrize(
    ("outside", "expected"),
    [
        ({"SHELL": "/bin/bash"}, "bash"),
        ({"SHELL": "/usr/bin/zsh"}, "zsh"),
        ({"SHELL": "/usr/local/bin/fish"}, "fish"),
        ({"SHELL": "/usr/bin/pwsh"}, "powershell"),
        ({"SHELL": "/bin/dash"}, "bash"),
        ({}, "bash"),
    ],
)
def test_shell_is_detected_by_its_variable(outside: Mapping[str, str], expected: str) -> None:
    assert expected == detected_shell(outside)


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("bash", 'eval "$(x env)"'),
        ("zsh", 'eval "$(x env)"'),
        ("fish", "x env | source"),
        ("powershell", "x env | Out-String | Invoke-Expression"),
    ],
)
def test_each_shell_evaluates_printed_commands_in_its_way(shell: str, expected: str) -> None:
    assert expected == evaluation(shell, "x env")
