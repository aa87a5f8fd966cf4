"""Fill the folder of a training job, shaped like /opt/ml, and upload its output to S3."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.object_store import ObjectStore

# SageMaker shows this part of output/failure. botocore's model: the maximum of FailureReason.
LONGEST_REASON = 1024


def write_configuration(folder: Path, job: Record) -> None:
    """Write input/config as SageMaker does, and create the folders of the algorithm's output."""
    for name in ("input/config", "input/data", "model", "output/data"):
        (folder / name).mkdir(parents=True)
    instance = {"current_instance_type": job["ResourceConfig"]["InstanceType"], "hosts": ["algo-1"]}
    configuration = {
        "hyperparameters": job.get("HyperParameters", {}),
        "inputdataconfig": {
            channel["ChannelName"]: _described(channel) for channel in job["InputDataConfig"]
        },
        "resourceconfig": {"current_host": "algo-1", "network_interface_name": "lo", **instance},
    }
    for name, content in configuration.items():
        (folder / "input/config" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def upload_archives(objects: ObjectStore, folder: Path, job: Record) -> str | None:
    """Upload model.tar.gz, and output.tar.gz if there is more output; return the model's URL or
    None.

    Raises:
        ObjectUnavailableError: the output location cannot be written.
    """
    output = (
        f"{job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/output"
    )
    key = job["OutputDataConfig"].get("KmsKeyId")
    if any((folder / "output/data").iterdir()):
        objects.write(f"{output}/output.tar.gz", _packed(folder / "output/data"), key)
    if not any((folder / "model").iterdir()):
        return None

    objects.write(f"{output}/model.tar.gz", _packed(folder / "model"), key)

    return f"{output}/model.tar.gz"


def failure_reason(folder: Path, status: int) -> str:
    """Return the reason of a failed algorithm: its text in output/failure, as far as SageMaker
    shows it.
    """
    try:
        said = (folder / "output/failure").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        said = ""
    return f"{said or 'the algorithm left no reason'}, exit code: {status}"


def _described(channel: Mapping[str, str]) -> Record:
    return {
        **{name: channel[name] for name in ("ContentType",) if name in channel},
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }


def _packed(folder: Path) -> bytes:
    """Pack files; the same files give the same bytes, so that a digest identifies a model."""

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    archive = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=archive, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name, filter=anonymous)

    return archive.getvalue()
