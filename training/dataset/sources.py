"""Open a source of any kind."""

from pathlib import Path
from typing import TYPE_CHECKING

from training.dataset.cifar import is_cifar_folder, read_cifar
from training.dataset.manifest import read_manifest
from training.dataset.manifest_rows import SUFFIXES, Columns
from training.dataset.source import Source, SourceNotReadableError
from training.dataset.tree import read_folder, read_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


def open_source(name: str, columns: Columns, wanted: tuple[str, ...], s3: "S3Client") -> Source:
    """List the images of a source without reading them.

    Each kind of source raises errors of its own as well.

    Raises:
        SourceNotReadableError: The source is missing, empty or of an unknown kind.
    """
    if name.startswith("s3://"):
        return read_prefix(s3, name, wanted)
    path = Path(name)
    if path.is_dir():
        return read_cifar(path, wanted) if is_cifar_folder(path) else read_folder(path, wanted)
    if not path.exists():
        raise SourceNotReadableError(
            f"{path} does not exist (searched from {Path.cwd()}). Check the spelling of SOURCE."
        )
    if not path.is_file():  # reading a pipe or a device may never end
        raise SourceNotReadableError(f"{path} is neither a folder nor a regular file.")
    if path.suffix.lower() in SUFFIXES:
        return read_manifest(path, columns, wanted, s3)
    if path.name.lower().endswith(_ARCHIVES):
        return read_cifar(path, wanted)
    raise SourceNotReadableError(
        f"{path} is not a source. Use a folder, a manifest (.csv, .tsv, .jsonl, .json, .manifest, "
        ".lst, .xml), an archive of CIFAR for Python (.tar.gz) or an S3 prefix."
    )
