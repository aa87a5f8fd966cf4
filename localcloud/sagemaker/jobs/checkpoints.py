"""Synchronize the checkpoints of a training job with a location in S3."""

from contextlib import suppress
from pathlib import Path

from localcloud.sagemaker.jobs.channels import download
from localcloud.sagemaker.object_store import ObjectStore


class Checkpoints:
    """The checkpoint folder of a job, and its location in S3."""

    def __init__(self, objects: ObjectStore, url: str, folder: Path) -> None:
        self._objects = objects
        self._url = url.rstrip("/")
        self._folder = folder
        self._uploaded: dict[Path, tuple[int, int]] = {}

    def download(self) -> None:
        """Bring the checkpoints of an earlier run.

        Raises:
            UnusableKeyError: the key of an object cannot be a path of a file.
            ObjectUnavailableError: an object cannot be read.
        """
        self._folder.mkdir()
        prefix = f"{self._url}/"
        # ^Copies, since the algorithm may write into them.
        download(
            self._objects.list(prefix),
            prefix,
            self._folder,
            lambda url, path: path.write_bytes(self._objects.read(url)),
        )
        self._uploaded = {path: _version(path) for path in self._files()}

    def upload(self) -> None:
        """Upload the new and changed files since the last call.

        Raises:
            ObjectUnavailableError: a file cannot be written.
        """
        for path in self._files():
            with suppress(FileNotFoundError):  # the algorithm has just removed it
                version = _version(path)
                if self._uploaded.get(path) != version:
                    name = path.relative_to(self._folder).as_posix()
                    self._objects.write(f"{self._url}/{name}", path.read_bytes())
                    self._uploaded[path] = version

    def _files(self) -> list[Path]:
        return [path for path in sorted(self._folder.rglob("*")) if path.is_file()]


def _version(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
