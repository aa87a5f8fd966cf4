"""Set the environment variables of a script's container."""

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.sagemaker.scikit_learn.installation import MODULES
from localcloud.sagemaker.source_archives import ISOLATED

# The folder of a container. Values that begin with it get the folder that stands for it here.
ROOT = "/opt/ml"
# Variables of the local cloud that a container may have; others, as credentials, it may not.
_INHERITED = ("HOME", "TMPDIR", "TZ", "UV_CACHE_DIR")


def make_site_packages(root: Path) -> Path:
    """Make the folder into which pip installs packages of a script, and return it.

    Python does not look again into a folder that was missing when it started.
    """
    folder = root / "site-packages"
    folder.mkdir(exist_ok=True)
    return folder


def container_variables(
    python: Path, root: Path, settings: Mapping[str, str], outside: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of a container's process, and make its `site-packages`.

    pip installs packages of the script in `site-packages` of its folder, so that the environment
    of the container stays as it is.

    Args:
        python: Interpreter of the container's environment.
        root: The folder that stands for /opt/ml.
        settings: Variables of the job or the model.
        outside: Variables of the local cloud.
    """
    installed = make_site_packages(root)
    isolation = {"PIP_NO_INDEX": "1"} if settings.get(ISOLATED) else {}
    return {
        **{name: outside[name] for name in _INHERITED if name in outside},
        # The variables of the image's Dockerfile.
        "PATH": os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "SAGEMAKER_SKLEARN_VERSION": "1.9-0",
        "SAGEMAKER_TRAINING_MODULE": "sagemaker_sklearn_container.training:main",
        "SAGEMAKER_SERVING_MODULE": "sagemaker_sklearn_container.serving:main",
        **{name: in_folder(value, root) for name, value in settings.items()},
        # Ours: they make the toolkits work in another folder than /opt/ml.
        "SAGEMAKER_BASE_DIR": str(root),
        "PYTHONPATH": os.pathsep.join([str(MODULES), str(installed)]),
        "PIP_TARGET": str(installed),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **isolation,
    }


def in_folder(value: str, root: Path) -> str:
    """Return a value with the folder of a container in place of /opt/ml."""
    for quote in ("", '"'):
        if value.startswith(f"{quote}{ROOT}/"):
            return f"{quote}{root}/{value.removeprefix(f'{quote}{ROOT}/')}"
    return value
