"""Write commands that change the environment of a shell: bash, zsh, fish and PowerShell."""

import shlex
from collections.abc import Mapping
from pathlib import PurePath

# Each function puts --endpoint-url before the arguments of `aws`, while the variable is set.
_POSIX_AWS = 'aws() { command aws ${AWS_ENDPOINT_URL:+"--endpoint-url=$AWS_ENDPOINT_URL"} "$@"; }'
_FISH_AWS = (
    'function aws; if test -n "$AWS_ENDPOINT_URL"; '
    "command aws --endpoint-url=$AWS_ENDPOINT_URL $argv; else; command aws $argv; end; end"
)
_POWERSHELL_AWS = (
    "function global:aws { "
    "$program = (Get-Command aws -CommandType Application | Select-Object -First 1).Source; "
    'if ($env:AWS_ENDPOINT_URL) { & $program "--endpoint-url=$env:AWS_ENDPOINT_URL" @args } '
    "else { & $program @args } }"
)
# PowerShell takes typographic quotes for a single quote too (about_Quoting_Rules; its tokenizer,
# CharExtensions.IsSingleQuote).
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


class Shell:
    """The syntax of bash, zsh and other POSIX shells."""

    evaluate = 'eval "$({command})"'
    stop = "false"
    define_aws = ("unalias aws 2>/dev/null || true", _POSIX_AWS)
    forget_aws = ("unset -f aws 2>/dev/null || true",)

    def set(self, name: str, value: str) -> str:
        """Return the command that sets a variable for the programs that the shell starts."""
        return f"export {name}={shlex.quote(value)}"

    def unset(self, name: str) -> str:
        """Return the command that removes a variable."""
        return f"unset {name}"


class Fish(Shell):
    """The syntax of fish.

    In single quotes only the backslash and the quote are special.
    Source: fish documentation, "The fish language", Quotes.
    """

    evaluate = "{command} | source"
    define_aws = ("functions --erase aws", _FISH_AWS)
    forget_aws = ("functions --erase aws",)

    def set(self, name: str, value: str) -> str:
        """Return the command that sets a global, exported variable."""
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{escaped}'"

    def unset(self, name: str) -> str:
        """Return the command that removes a variable from all scopes of this session."""
        return f"set -e {name}"


class PowerShell(Shell):
    """The syntax of PowerShell.

    In single quotes only the quote is special; it is doubled.
    Source: PowerShell documentation, "about_Quoting_Rules".
    """

    evaluate = "{command} | Out-String | Invoke-Expression"
    stop = "throw 'The local cloud is not running.'"
    define_aws = ("Remove-Item -ErrorAction Ignore Alias:aws", _POWERSHELL_AWS)
    forget_aws = ("Remove-Item -ErrorAction Ignore Function:aws",)

    def set(self, name: str, value: str) -> str:
        """Return the command that sets a variable of the process; before 7.5 '' removes it."""
        doubled = "".join(char * 2 if char in _POWERSHELL_QUOTES else char for char in value)
        return f"$env:{name} = '{doubled}'"

    def unset(self, name: str) -> str:
        """Return the command that removes a variable; a missing one is not an error."""
        return f"Remove-Item -ErrorAction Ignore Env:{name}"


SHELLS: Mapping[str, Shell] = {
    "bash": Shell(),
    "zsh": Shell(),
    "fish": Fish(),
    "powershell": PowerShell(),
}
_OTHER_NAMES = {"pwsh": "powershell"}


def detected_shell(outside: Mapping[str, str]) -> str:
    """Return the name of the user's shell, by $SHELL; bash if it is not listed."""
    name = PurePath(outside.get("SHELL", "")).name
    name = _OTHER_NAMES.get(name, name)
    return name if name in SHELLS else "bash"


def evaluation(shell: str, command: str) -> str:
    """Return how a shell evaluates the commands that a program prints."""
    return SHELLS[shell].evaluate.format(command=command)
