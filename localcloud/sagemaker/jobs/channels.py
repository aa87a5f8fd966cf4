"""Bring the channels of a training job from S3 to files, in SageMaker's layout."""

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.object_store import ObjectStore, bucket_and_key


class NoInputError(Exception):
    """A channel of the training job holds no objects."""


class UnusableKeyError(Exception):
    """The key of an object cannot be the name of a file."""


def download_channels(objects: ObjectStore, folder: Path, job: Record) -> None:
    """Bring every channel of a job to input/data/<channel>.

    Raises:
        NoInputError: a channel has no objects.
        UnusableKeyError: the key of an object cannot be a path of a file.
        ObjectUnavailableError: an object cannot be read.
    """
    for channel in job["InputDataConfig"]:
        url = channel["DataSource"]["S3DataSource"]["S3Uri"]
        if not download(
            objects.list(url), url, folder / "input/data" / channel["ChannelName"], objects.link
        ):
            bucket = bucket_and_key(url)[0]
            role = job["RoleArn"]
            raise NoInputError(
                f'No S3 objects found under S3 URL "{url}" given in input data source. Please '
                "ensure that the bucket exists in the selected region, that objects exist under "
                "that S3 prefix, and that the role "
                f'"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
            )


def download(
    urls: Iterable[str], prefix: str, folder: Path, fetch: Callable[[str, Path], object]
) -> int:
    """Bring objects that begin with s3://bucket/prefix to a folder; return the number of files.

    Raises:
        UnusableKeyError: the key of an object cannot be a path of a file.
        ObjectUnavailableError: an object cannot be read.
    """
    # a key with this end stands for a folder
    files = [url for url in urls if not url.endswith("/")]
    made = set[Path]()
    for url in files:
        path = folder / relative_path(url, prefix)
        try:
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            fetch(url, path)
        except (
            OSError
            # One key is a folder of another key, or both are the same path.
        ) as exc:
            raise UnusableKeyError(
                f"{url} cannot become the file {path.relative_to(folder)}: {exc.strerror}."
            ) from exc

    return len(files)


def relative_path(url: str, prefix: str) -> str:
    """Return the place of an object below the folder of its prefix.

    A prefix is not a folder: s3://b/train also begins s3://b/train_lst/a.lst, whose place is then
    "train_lst/a.lst".

    Raises:
        UnusableKeyError: the place is outside the folder.
    """
    rest = url.removeprefix(prefix)
    if rest.startswith("/") and not prefix.endswith("/"):
        rest = rest[1:]
    elif not prefix.endswith("/"):
        rest = url[prefix.rfind("/") + 1 :] if bucket_and_key(prefix)[1] else rest

    path = PurePosixPath(rest)
    if path.is_absolute() or ".." in path.parts or "\0" in rest or not rest:
        raise UnusableKeyError(f"The key of {url} is not a path of a file.")

    return str(path)
