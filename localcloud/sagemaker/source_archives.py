"""Bring the source archive of a script from S3, as the container of a script does.

On AWS the container itself downloads the archive, with the credentials of its role. Here the local
cloud downloads it in the role, so that a script needs no credentials.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.sagemaker.object_store import ObjectStore

# The hyperparameter of a training job, and the variable of a model.
HYPERPARAMETER = "sagemaker_submit_directory"
VARIABLE = HYPERPARAMETER.upper()
ARCHIVE = "sourcedir.tar.gz"
# Set for containers without a network.
ISOLATED = "LOCALCLOUD_NETWORK_ISOLATION"


class SourceUnreachableError(Exception):
    """A container with network isolation cannot download its source archive from S3."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The container cannot download {url}, because EnableNetworkIsolation is true. Pass "
            "the archive as a channel, and set sagemaker_submit_directory to its path "
            f"(/opt/ml/input/data/CHANNEL/{ARCHIVE}); for a model, put the source into "
            "model.tar.gz."
        )


def with_local_source(
    settings: Mapping[str, str], name: str, objects: ObjectStore, archive: Path
) -> dict[str, str]:
    """Return settings that name a local file instead of a source archive in S3.

    Args:
        settings: Hyperparameters of a job or variables of a model.
        name: The setting that names the source archive; its value may be a JSON string, as the
            SageMaker SDK sends it.
        objects: S3, as far as the role may use it.
        archive: The file that the archive is written to.

    Raises:
        SourceUnreachableError: the archive is in S3, and the container has no network.
        ObjectUnavailableError: the archive is missing, or the role may not read it.
    """
    url = plain(settings.get(name, ""))
    if not url.startswith("s3://"):
        return dict(settings)
    if settings.get(ISOLATED):
        raise SourceUnreachableError(url)
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(objects.read(url))

    return {**settings, name: str(archive)}


def container_variables(variant: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a planned variant's container."""
    isolated = {ISOLATED: "1"} if variant.get("EnableNetworkIsolation") else {}
    return {**variant.get("Environment", {}), **isolated}


def plain(value: str) -> str:
    """Return the text of a hyperparameter, which may be encoded as JSON."""
    try:
        decoded = json.loads(value)
    except ValueError:
        return value
    return decoded if isinstance(decoded, str) else value
