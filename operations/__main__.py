"""`python -m operations <command>`."""

import sys

if __name__ == "__main__":
    try:
        from cli.project import choose_project
        from untrusted.closed_output import end_quietly
        from untrusted.terminal import escape_unencodable, show_traceback

        sys.excepthook = show_traceback
        escape_unencodable()
        choose_project(sys.argv[1:])
        from operations.command_line import main

        sys.exit(end_quietly(lambda: main(sys.argv[1:])))
    except KeyboardInterrupt:  # pressed while Python was still importing
        sys.exit(130)
