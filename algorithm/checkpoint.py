"""Read and write the checkpoints from which an interrupted job continues.

A file in FOLDER/checkpoints is written completely or not at all.
"""

import logging
from pathlib import Path

import numpy as np

from algorithm import arrays
from algorithm.arrays import Arrays, InvalidArraysError

logger = logging.getLogger(__name__)


def save_arrays(path: Path, content: Arrays) -> None:
    """Write arrays as .npz. If the process ends meanwhile, the old or the new file is there.

    A partial file is beside the folder, because SageMaker uploads every file in the folder.
    """
    partial = path.parent.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **content)
    partial.replace(path)


def load_arrays(path: Path, *names: str) -> Arrays:
    """Return the named arrays of a file, or nothing if the file is missing.

    A damaged file causes a warning and returns nothing, because a job does not depend on it.
    """
    if not path.exists():
        return {}
    try:
        with path.open("rb") as file:
            return arrays.load_arrays(file, *names)
    except (OSError, InvalidArraysError) as error:
        logger.warning("The checkpoint %s cannot be read, so it is not used: %s", path.name, error)
        return {}
