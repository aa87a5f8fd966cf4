"""Read the pictures that reviewers look at, from the image bucket alone."""

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError
from functions.serialize_image.file_format import format_of
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS
from review.images import ImageKey

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 25_000_000  # as functions/serialize_image/prepared_image.py accepts
SMALL_BYTES = 100_000  # a picture of at most this size is its own thumbnail
_ONE_AT_A_TIME = Lock()  # prepare_image is not thread-safe
# A version that is not an id of S3's is an ETag, of a bucket without versions.
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "InvalidArgument"}
_TYPES = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
)

# Most browsers do not show HEIC, and an AVIF may have another first brand.
_SHOWN_AS_PREPARED = ("HEIC", "AVIF")


class PictureGoneError(CommandError):
    """The image was deleted from the bucket: skip it, or answer "not usable"."""


class ForeignBucketError(CommandError):
    """The image is not in the image bucket of the service."""


class NotAPictureError(CommandError):
    """The stored bytes are not a picture that browsers show: answer "not usable"."""


@dataclass(frozen=True)
class Picture:
    """The bytes of an image as it was uploaded, and their type by their first bytes."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class Pictures:
    """The pictures of one image bucket."""

    s3: "S3Client"
    bucket: str

    @property
    def place(self) -> str:
        """The bucket, which tells one service's pictures from another's."""
        return self.bucket

    def read(self, key: ImageKey) -> Picture:
        """Read an image version.

        Raises:
            ForeignBucketError, PictureGoneError, NotAPictureError: The class says what happened.
        """
        prefix = f"s3://{self.bucket}/"
        if not key.image_url.startswith(prefix):
            raise ForeignBucketError(f"{key.image_url}: {ForeignBucketError.__doc__}")

        return picture(self._bytes(key.image_url.removeprefix(prefix), key.version), key.image_url)

    def _bytes(self, name: str, version: str) -> bytes:
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=name, VersionId=version)
            with found["Body"] as body:
                return body.read(MAX_BYTES + 1)[:MAX_BYTES]
        except ClientError as exc:
            if code_of(exc) in _GONE:
                url = f"s3://{self.bucket}/{name}"
                raise PictureGoneError(f"{url}: {PictureGoneError.__doc__}") from exc
            raise


def picture(data: bytes, name: str) -> Picture:
    """Return bytes as a picture that browsers show.

    Args:
        name: The image in the message of the error.

    Raises:
        NotAPictureError: The bytes are not of an image format that the service accepts.
    """
    for offset, magic, content_type in _TYPES:
        if data.startswith(magic, offset):
            return Picture(data, content_type)
    if format_of(data) in _SHOWN_AS_PREPARED:
        return _prepared(data)
    raise NotAPictureError(f"{name}: {NotAPictureError.__doc__}")


def small(original: Picture) -> Picture:
    """Return a picture as the model sees it, with a short side of at most 256 pixels.

    24 photos of 12 megapixels would take a browser more than a gigabyte.

    Raises:
        NotAPictureError: The picture cannot be decoded.
    """
    if len(original.data) <= SMALL_BYTES:
        return original
    return _prepared(original.data)


def _prepared(data: bytes) -> Picture:
    try:
        with _ONE_AT_A_TIME:
            prepared = prepare_image(data)
    except IMAGE_ERRORS as exc:
        raise NotAPictureError(f"{exc} {NotAPictureError.__doc__}") from exc
    return Picture(prepared.data, prepared.content_type)
