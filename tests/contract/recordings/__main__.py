"""Record again what npm's asl-validator and jsonata answer: `make recordings` needs Node.js."""

import sys

from tests.contract.recordings import recording
from tests.contract.recordings.node import NodeError


def main() -> int:
    """Write both recordings. Return 1 if Node.js or a package is missing."""
    try:
        recording.write(recording.VERDICTS, recording.verdicts())
        recording.write(recording.RESULTS, recording.results())
    except NodeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
