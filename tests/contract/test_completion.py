"""Shell completion: the scripts that `scones completion` prints work in the shells themselves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each script completes all lines that it is given, with a mark after each.
BASH = """
eval "$(scones completion bash)"
complete -p scones > /dev/null || exit 9
for line; do
  COMP_LINE="$line" COMP_POINT=${#line} COMP_TYPE=9 COMPREPLY=()
  _python_argcomplete scones "" ""
  printf '%s\\n' "${COMPREPLY[@]}" ==
done
"""
ZSH = """
autoload -U compinit is-at-least; compinit -D -u
eval "$(scones completion zsh)"
[[ -n ${_comps[scones]} ]] || exit 9
_describe() { print -l -- ${(P)2} }
for line; do
  words=(scones) BUFFER="$line" CURSOR=${#line}
  _python_argcomplete
  print "=="
done
"""
FISH = """
scones completion fish | source
for line in $argv
  complete -C "$line"
  echo ==
end
"""
SHELLS = {
    "bash": ["bash", "--norc", "-c", BASH, "bash"],
    "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
    "fish": ["fish", "--no-config", "-c", FISH],
}
EXPECTED = {
    "scones tra": {"train"},
    "scones --environment prod train --ep": {"--epochs", "--eps"},
    "scones local ": {"up", "down", "status", "env", "prepare"},
}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with the command `scones`, as an activated environment has it."""
    command = tmp_path / "scones"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m scones "$@"\n')
    command.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_completes_commands_and_options(shell: str, path: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    ended = subprocess.run(
        [*SHELLS[shell], *EXPECTED],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr
    offered = [words(text) for text in ended.stdout.split("==\n")[:-1]]
    assert list(EXPECTED.values()) == offered


def words(completions: str) -> set[str]:
    """Return the offered words; zsh and fish show help after a colon or a tab."""
    found = {line.split("\t")[0].split(":")[0].strip() for line in completions.splitlines()}
    return found - {"--help", "-h", ""}
