"""Split an S3 URL, `s3://bucket/key`."""

from cli.errors import CommandError


class InvalidS3UrlError(CommandError):
    """Expected s3://bucket/key."""


def split_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and key (or prefix, without a slash at its end).

    Raises:
        InvalidS3UrlError: the text is not an S3 URL, or not UTF-8.
    """
    require_utf8(url)
    scheme, _, place = url.partition("://")
    bucket, _, key = place.partition("/")
    if scheme != "s3" or not bucket or not key.strip("/"):
        raise InvalidS3UrlError(f"{url!r} is not an S3 URL. {InvalidS3UrlError.__doc__}")
    return bucket, key.rstrip("/")


def require_utf8(url: str) -> None:
    """Refuse a URL that no key can have, because keys are UTF-8.

    Raises:
        InvalidS3UrlError: the text is not UTF-8.
    """
    try:
        url.encode()
    except UnicodeEncodeError as exc:
        raise InvalidS3UrlError(
            f"{url!r} is not UTF-8, as every key of S3. {InvalidS3UrlError.__doc__}"
        ) from exc
