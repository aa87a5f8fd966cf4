"""Log requests to AWS and their answers, without secrets."""

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable
from typing import TextIO

from untrusted.terminal import VisibleFormatter, say

_LOGGERS = ("boto3", "botocore", "urllib3")
# The signer logs the canonical request and its signature; the headers are in the log anyway.
# The others log internals of botocore, and no requests.
_SILENT = ("botocore.auth", "botocore.hooks", "botocore.loaders")
_SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK")
_LONGEST = 4000  # characters of a line: bodies of images are not for people
_HIDDEN = "[redacted]"

# A header such as 'Authorization': b'AWS4-HMAC-SHA256 Credential=..., Signature=...'
_HEADER = re.compile(r"(?i)(authorization['\"\\]*\s*[:=]\s*b?['\"\\]*)[^'\"\\\n]+")
# Members of answers, query parameters and headers with one word as their value.
_NAMES = "|".join(
    (
        r"secret_?access_?key",
        r"(?:amz-)?(?:session|security|access|refresh|id)[-_]?token",
        r"client_?secret",
        r"(?:amz-)?signature",
        r"password",
        r"(?<![a-z])token",
    )
)
_MEMBER = re.compile(rf"(?i)((?:{_NAMES})(?:['\"\\]*\s*[:=]\s*b?['\"\\]*|>))([^'\"\\<&\s,;}})]+)")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace credentials, tokens and signatures in a text, and the given secrets anywhere."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    text = _HEADER.sub(rf"\1{_HIDDEN}", text)
    return _MEMBER.sub(rf"\1{_HIDDEN}", text)


class RedactingFormatter(VisibleFormatter):
    """Format records of the wire log: without secrets, and short."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        secrets = [value for name in _SECRET_VARIABLES if (value := os.environ.get(name))]
        text = redact(super().format(record), secrets)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... ({len(text)} characters)"


def log_requests(stream: TextIO | None = None) -> None:
    """Log the requests of all AWS clients, to standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(name)s %(message)s"))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.INFO)


def show_error_traceback(error: BaseException) -> None:
    """Show where an error comes from, on standard error."""
    lines = "".join(traceback.format_exception(error)).rstrip().split("\n")
    say(*(redact(line) for line in lines), file=sys.stderr)
