"""`python -m training <step>`."""

import sys

if __name__ == "__main__":
    try:
        from training.command_line import main

        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # pressed while Python was still importing
        sys.exit(130)
