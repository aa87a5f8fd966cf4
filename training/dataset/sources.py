"""The kinds of sources: which one it is that the user named."""

from pathlib import Path
from typing import TYPE_CHECKING

from training.dataset.cifar import is_cifar_folder, read_cifar
from training.dataset.manifest import CSV_SUFFIXES, JSON_SUFFIXES, Columns, read_manifest
from training.dataset.source import Source, SourceNotReadableError
from training.dataset.tree import read_folder, read_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


def open_source(name: str, columns: Columns, wanted: tuple[str, ...], s3: "S3Client") -> Source:
    """List the images of a source; none is read yet.

    Raises:
        SourceNotReadableError: it is of no known kind, not there, or empty; the kinds have errors of their own.
    """
    if name.startswith("s3://"):
        return read_prefix(s3, name, wanted)
    path = Path(name)
    if path.is_dir():
        return read_cifar(path, wanted) if is_cifar_folder(path) else read_folder(path, wanted)
    if not path.exists():
        raise SourceNotReadableError(f"There is no {path}.")
    if not path.is_file():  # reading a pipe or a device may never end
        raise SourceNotReadableError(f"{path} is neither a folder nor an ordinary file.")
    if path.suffix.lower() in CSV_SUFFIXES | JSON_SUFFIXES:
        return read_manifest(path, columns, wanted, s3)
    if path.name.lower().endswith(_ARCHIVES):
        return read_cifar(path, wanted)
    raise SourceNotReadableError(
        f"{path} is no source: give a folder, a manifest (.csv, .tsv, .jsonl), an archive of CIFAR for Python "
        f"(.tar.gz) or an S3 prefix."
    )
