"""Store the resources of one region as JSON files that survive a restart."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.api.protocol import InvalidRequestError
from localcloud.api.state_files import UnreadableStateError, write_json

type Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its name in the API, in an ARN and as a folder, and in AWS's messages.

    AWS lists some kinds in an order of their own, unless the request asks for another one.
    """

    name: str
    arn_type: str
    words: str
    listed: str
    sort_by: str = "CreationTime"
    sort_order: str = "Descending"


MODEL = Kind("Model", "model", "model", "Models")
ENDPOINT_CONFIG = Kind(
    "EndpointConfig", "endpoint-config", "endpoint configuration", "EndpointConfigs"
)
ENDPOINT = Kind("Endpoint", "endpoint", "endpoint", "Endpoints")
MODEL_PACKAGE_GROUP = Kind(
    "ModelPackageGroup",
    "model-package-group",
    "model package group",
    "ModelPackageGroupSummaryList",
    sort_order="Ascending",
)
# The name has the group and the version: "trucks/3".
MODEL_PACKAGE = Kind(
    "ModelPackage",
    "model-package",
    "model package",
    "ModelPackageSummaryList",
    sort_order="Ascending",
)
TRAINING_JOB = Kind(
    "TrainingJob", "training-job", "training job", "TrainingJobSummaries", sort_order="Ascending"
)
TUNING_JOB = Kind(
    "HyperParameterTuningJob",
    "hyper-parameter-tuning-job",
    "hyperparameter tuning job",
    "HyperParameterTuningJobSummaries",
    sort_by="Name",
    sort_order="Ascending",
)
KINDS = (
    MODEL,
    ENDPOINT_CONFIG,
    ENDPOINT,
    MODEL_PACKAGE_GROUP,
    MODEL_PACKAGE,
    TRAINING_JOB,
    TUNING_JOB,
)


class RecordStore:
    """The records of one region, in memory and in `<folder>/<kind>/<name>.json`.

    A record holds the members of the resource's API description, and the members that the local
    SageMaker needs after a restart.

    Raises:
        UnreadableStateError: a file of an earlier process is not a JSON object.
    """

    def __init__(self, folder: Path, account: str, region: str) -> None:
        self._folder = folder
        self._arn_prefix = f"arn:aws:sagemaker:{region}:{account}:"
        self._records: dict[Kind, dict[str, Record]] = {
            kind: dict(self._read(kind)) for kind in KINDS
        }

    def arn(self, kind: Kind, name: str) -> str:
        """Return the ARN of a resource; SageMaker writes the name in lower case.

        Where the API takes a name or an ARN, the name may be the ARN already.
        """
        return (
            name if name.startswith("arn:") else f"{self._arn_prefix}{kind.arn_type}/{name.lower()}"
        )

    def all(self, kind: Kind) -> list[Record]:
        """Return all records of a kind."""
        return list(self._records[kind].values())

    def find(self, kind: Kind, name: str) -> Record | None:
        """Return the record of this name, or None."""
        return self._records[kind].get(name)

    def get(self, kind: Kind, name: str) -> Record:
        """Return the record of this name.

        Raises:
            InvalidRequestError: the record is missing.
        """
        record = self.find(kind, name)
        if record is None:
            raise InvalidRequestError(f'Could not find {kind.words} "{self.arn(kind, name)}".')
        return record

    def by_arn(self, arn: str) -> tuple[Kind, Record]:
        """Return the resource of this ARN.

        Raises:
            InvalidRequestError: the resource is missing.
        """
        for kind in KINDS:
            for record in self._records[kind].values():
                if record[f"{kind.name}Arn"] == arn:
                    return kind, record
        raise InvalidRequestError(f'Could not find resource "{arn}".')

    def create(self, kind: Kind, members: Mapping[str, Any]) -> Record:
        """Add a resource with these members, its ARN and its creation time.

        Raises:
            InvalidRequestError: the name is taken. Names that differ in case only are equal, since
                they have one ARN.
        """
        name = members[f"{kind.name}Name"]
        now = timestamp()
        arn = self.arn(kind, name)
        if any(record[f"{kind.name}Arn"] == arn for record in self.all(kind)):
            raise InvalidRequestError(f'Cannot create already existing {kind.words} "{arn}".')

        record = {**members, f"{kind.name}Arn": arn, "CreationTime": now, "LastModifiedTime": now}
        self.save(kind, record)

        return record

    def save(self, kind: Kind, record: Record) -> None:
        """Store a record in place of an earlier one of the same name."""
        name = record[f"{kind.name}Name"]
        path = self._path(kind, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, record)
        # Only after the file is written: a full disk must leave the old record.
        self._records[kind][name] = record

    def delete(self, kind: Kind, name: str) -> None:
        """Remove a resource.

        Raises:
            InvalidRequestError: the resource is missing.
        """
        self.get(kind, name)
        del self._records[kind][name]
        self._path(kind, name).unlink(missing_ok=True)

    def _path(self, kind: Kind, name: str) -> Path:
        return self._folder / kind.arn_type / f"{name}.json"

    def _read(self, kind: Kind) -> Iterator[tuple[str, Record]]:
        for path in sorted((self._folder / kind.arn_type).rglob("*.json")):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                yield record[f"{kind.name}Name"], record
            except (ValueError, KeyError, TypeError) as exc:
                raise UnreadableStateError(
                    f"{path} is damaged. Delete it and create the {kind.words} again."
                ) from exc


def timestamp() -> float:
    """Return the time in seconds since the epoch, to the millisecond as SageMaker does."""
    return round(time.time(), 3)
