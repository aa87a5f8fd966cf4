"""Describe the scikit-learn container for the registry: it trains and serves with any script."""

import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from localcloud.sagemaker.algorithms import REGISTRY, Algorithm, Invoke
from localcloud.sagemaker.scikit_learn.installation import install
from localcloud.sagemaker.scikit_learn.server import ScriptServer
from localcloud.sagemaker.scikit_learn.variables import container_variables

_logger = logging.getLogger(__name__)
IMAGE = REGISTRY + r"sagemaker-scikit-learn:1\.9-0(-cpu-py3)?"


def scikit_learn(data_folder: Path) -> Algorithm:
    """Return the algorithm that runs scripts, with its environment in the folder of shared data."""
    return Algorithm(
        image=IMAGE,
        train=partial(_train, data_folder),
        serve=partial(_serve, data_folder),
        runs_scripts=True,
    )


def _train(data_folder: Path, folder: Path) -> Sequence[str | Path]:
    launch = "localcloud.sagemaker.scikit_learn.launch_training"
    return [sys.executable, "-m", launch, data_folder, folder]


def _serve(data_folder: Path, model_folder: Path, variables: Mapping[str, str]) -> Invoke:
    python = install(data_folder, _logger.info)
    root = Path(tempfile.mkdtemp(prefix="container-"))
    (root / "model").symlink_to(model_folder.absolute(), target_is_directory=True)
    server = ScriptServer(
        [python, "-P", "-m", "sagemaker_sklearn_container.serve_command"],
        container_variables(python, root, variables),
        root,
    )
    server.wait_until_ready()

    return server.invoke
