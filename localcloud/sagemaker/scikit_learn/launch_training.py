"""Start the training toolkit of the scikit-learn container in the folder of a training job.

    python -m localcloud.sagemaker.scikit_learn.launch_training DATA_FOLDER JOB_FOLDER

The environment of the container is installed first, if it is missing. The log of the job says so.
"""

import json
import os
import sys
from pathlib import Path

from localcloud.sagemaker.jobs.container import JOB_VARIABLES
from localcloud.sagemaker.scikit_learn.installation import install
from localcloud.sagemaker.scikit_learn.variables import container_variables, in_folder
from untrusted.terminal import SeveralLinesError, say, say_error


def main(data_folder: Path, root: Path) -> None:
    """Replace this process with the training toolkit, or exit with the reason in output/failure."""
    try:
        python = install(data_folder, say)
    except SeveralLinesError as exc:
        (root / "output/failure").write_text(" ".join(str(exc).splitlines()), encoding="utf-8")
        say_error(exc)
        sys.exit(1)

    _name_paths_here(root)
    variables = container_variables(python, root, json.loads(os.environ[JOB_VARIABLES]))
    command = [str(python), "-P", "-m", "sagemaker_sklearn_container.train_command"]
    os.execve(python, command, variables)  # noqa: S606


def _name_paths_here(root: Path) -> None:
    """Replace /opt/ml in the hyperparameters by the folder of the job."""
    path = root / "input/config/hyperparameters.json"
    hyperparameters = json.loads(path.read_text(encoding="utf-8"))
    here = {name: in_folder(value, root) for name, value in hyperparameters.items()}
    path.write_text(json.dumps(here), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).absolute())
