"""Start the command: `scones`, or `python -m scones`."""

import sys


def main() -> int:
    """Run the command line, and return the exit status."""
    try:
        from cli.project import choose_project
        from untrusted.closed_output import end_quietly
        from untrusted.terminal import escape_unencodable, show_traceback

        sys.excepthook = show_traceback
        escape_unencodable()
        choose_project(sys.argv[1:])
        from scones.command_line import main as run

        return end_quietly(lambda: run(sys.argv[1:]))
    except KeyboardInterrupt:  # pressed while Python was still importing
        return 130


if __name__ == "__main__":
    sys.exit(main())
