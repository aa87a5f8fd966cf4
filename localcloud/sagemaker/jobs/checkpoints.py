"""The checkpoints of a training job: a folder that is kept the same as a location in S3."""

from contextlib import suppress
from pathlib import Path

from localcloud.sagemaker.jobs.channels import download
from localcloud.sagemaker.object_store import ObjectStore


class Checkpoints:
    """The folder checkpoints of a job, kept the same as its S3 location."""

    def __init__(self, objects: ObjectStore, url: str, folder: Path) -> None:
        self._objects = objects
        self._url = url.rstrip("/")
        self._folder = folder
        self._uploaded: dict[Path, tuple[int, int]] = {}

    def download(self) -> None:
        """Bring what an earlier run left. Raises UnusableKeyError, ObjectUnavailableError."""
        self._folder.mkdir()
        prefix = f"{self._url}/"
        # Copies: the algorithm may write into them.
        download(
            self._objects.list(prefix),
            prefix,
            self._folder,
            lambda url, path: path.write_bytes(self._objects.read(url)),
        )
        self._uploaded = {path: _version(path) for path in self._files()}

    def upload(self) -> None:
        """Upload what is new or changed since the last call. Raises ObjectUnavailableError."""
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
