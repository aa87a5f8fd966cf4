"""Complete commands and options in bash, zsh and fish, by argcomplete."""

import argparse
import os
from typing import Any

from untrusted.terminal import say

HELP = "print the completion script of a shell"
SHELLS = {
    "bash": 'eval "$(scones completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(scones completion zsh)"    in ~/.zshrc, after compinit',
    "fish": "scones completion fish | source    in ~/.config/fish/config.fish",
}


def add_command(commands: Any) -> None:
    """Add `completion`."""
    parser = commands.add_parser(
        "completion",
        help=HELP,
        description=f"{HELP}:\n\n" + "\n".join(f"  {line}" for line in SHELLS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS)


def show(shell: str) -> int:
    """Print the script of a shell, and return the exit status."""
    from argcomplete.shell_integration import shellcode

    say(*shellcode(["scones"], True, shell).strip().split("\n"))
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Answer a question of the shell and end the process, if the shell asks."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options="long")
