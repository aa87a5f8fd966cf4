"""Run a training job in the form that SageMaker gives its containers.

    python -m algorithm.train FOLDER

FOLDER stands for /opt/ml. The job reads input/config/hyperparameters.json and, under input/data,
the channels train and validation: images with the lists in train_lst and validation_lst, or
RecordIO. The channel model may have a model.tar.gz to start from. An interrupted job continues
from checkpoints, if that folder exists.

The job writes model/head.npz and model/model.json. If it fails, it writes the reason in one
sentence to output/failure. SIGTERM ends it soon, with the best model so far, or without a model
if no epoch has ended; this is not a failure.
"""

import argparse
import logging
import signal
import sys
from pathlib import Path
from threading import Event

from algorithm import job
from algorithm.errors import AlgorithmError
from algorithm.failure import write_failure
from algorithm.features import StoppedError
from untrusted.terminal import VisibleFormatter

logger = logging.getLogger(__name__)


def run(root: Path, stop: Event, *, in_script_mode: bool = False) -> int:
    """Run the job as a container does, and return its exit code.

    The reason of a failure is in output/failure.
    """
    try:
        job.run(root, stop, in_script_mode=in_script_mode)
    except StoppedError as stopped:
        logger.info("%s", stopped)
    except Exception as error:  # the process boundary
        logger.error(
            "%s: %s", type(error).__name__, error, exc_info=not isinstance(error, AlgorithmError)
        )
        write_failure(root, error)
        return 1
    return 0


def prepare_process() -> Event:
    """Log to the standard output, and return an event that SIGTERM sets."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log = logging.StreamHandler(sys.stdout)
    log.setFormatter(
        VisibleFormatter("[%(asctime)s %(levelname)s %(thread)d] %(message)s", "%m/%d/%Y %H:%M:%S")
    )
    logging.basicConfig(handlers=[log], level=logging.INFO)
    return stop


def main() -> int:
    """Run the job of the command line until it ends or receives SIGTERM."""
    stop = prepare_process()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path("/opt/ml"), help="default: /opt/ml"
    )
    return run(parser.parse_args().folder, stop)


if __name__ == "__main__":
    sys.exit(main())
