"""The channels of a training job: objects in S3 that become files, laid out as SageMaker lays them out."""

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
        NoInputError, UnusableKeyError, ObjectUnavailableError: what is wrong with a channel.
    """
    for channel in job["InputDataConfig"]:
        url = channel["DataSource"]["S3DataSource"]["S3Uri"]
        if not download(
            objects.list(url), url, folder / "input/data" / channel["ChannelName"], objects.link
        ):
            bucket, role = bucket_and_key(url)[0], job["RoleArn"]
            raise NoInputError(
                f'No S3 objects found under S3 URL "{url}" given in input data source. Please ensure that the bucket '
                "exists in the selected region, that objects exist under that S3 prefix, and that the role "
                f'"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
            )


def download(
    urls: Iterable[str], prefix: str, folder: Path, fetch: Callable[[str, Path], object]
) -> int:
    """Bring objects that begin with s3://bucket/prefix to a folder, which is made, and return the number of files.

    Raises:
        UnusableKeyError, ObjectUnavailableError: an object cannot be brought.
    """
    files = [url for url in urls if not url.endswith("/")]  # a key that ends so stands for a folder
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
        ) as exc:  # of two keys one is a folder of the other, or both are the same path
            raise UnusableKeyError(
                f"{url} cannot become the file {path.relative_to(folder)}: {exc.strerror}."
            ) from exc
    return len(files)


def relative_path(url: str, prefix: str) -> str:
    """Return where an object that begins with a prefix lies below the prefix's folder.

    A prefix is no folder: s3://b/train also begins s3://b/train_lst/a.lst, which then is "train_lst/a.lst".

    Raises:
        UnusableKeyError: it would lie outside.
    """
    rest = url.removeprefix(prefix)
    if rest.startswith("/") and not prefix.endswith("/"):
        rest = rest[1:]
    elif not prefix.endswith("/"):
        rest = url[prefix.rfind("/") + 1 :] if bucket_and_key(prefix)[1] else rest
    path = PurePosixPath(rest)
    if path.is_absolute() or ".." in path.parts or "\0" in rest or not rest:
        raise UnusableKeyError(f"The key of {url} is no path of a file.")
    return str(path)
