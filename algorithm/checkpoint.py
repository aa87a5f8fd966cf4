"""The files in FOLDER/checkpoints, from which an interrupted job goes on: arrays, written whole or not at all."""

import logging
from pathlib import Path

import numpy as np

from algorithm import arrays
from algorithm.arrays import Arrays, InvalidArraysError

logger = logging.getLogger(__name__)


def save_arrays(path: Path, content: Arrays) -> None:
    """Write arrays as .npz; whatever ends the process meanwhile, the file is the old or the new one.

    What is half written lies beside the folder, since all that is in it is uploaded.
    """
    partial = path.parent.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **content)
    partial.replace(path)


def load_arrays(path: Path, *names: str) -> Arrays:
    """These arrays of a file; none if there is no file, or, with a warning, if it is damaged: a job can do without."""
    if not path.exists():
        return {}
    try:
        with path.open("rb") as file:
            return arrays.load_arrays(file, *names)
    except (OSError, InvalidArraysError) as error:
        logger.warning("The checkpoint %s cannot be read, so it is not used: %s", path.name, error)
        return {}
