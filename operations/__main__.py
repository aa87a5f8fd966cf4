"""`python -m operations <command>`."""

import sys

if __name__ == "__main__":
    try:
        from operations.command_line import main

        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # pressed while Python was still importing
        sys.exit(130)
