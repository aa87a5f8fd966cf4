"""Run the command line of the local cloud, `python -m localcloud`."""

import sys

from untrusted.closed_output import end_quietly

_REMEDY = (
    "Install localcloud in an environment of Python 3.13; in a checkout, run `make setup`, "
    "then `.venv/bin/python -m localcloud`."
)


def run(arguments: list[str]) -> int:
    """Run one command if this Python can; return the exit status."""
    # Checked before any import that another version cannot read.
    if sys.version_info[:2] != (3, 13):
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"The local cloud needs Python 3.13, and this is {version}. {_REMEDY}", file=sys.stderr
        )
        return 1
    try:
        from localcloud.command_line import main
        from untrusted.terminal import escape_unencodable, show_traceback

        sys.excepthook = show_traceback
        escape_unencodable()
        return main(arguments)
    except ModuleNotFoundError as exc:
        print(
            f"{exc.name} is not installed in {sys.prefix}. {_REMEDY}",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: run(sys.argv[1:])))
