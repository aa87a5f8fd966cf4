"""Which image an input of the workflow is about: the subject of whatever goes wrong on its way."""

import json
from hashlib import sha256
from typing import Any


def subject_of(document: Any) -> str:
    """Return the key of the image that a document names, else a digest of the document.

    Neither bucket nor version is part of it: their names are drawn at random at every run, and would repeat nothing.
    """
    return image_key(document) or sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def image_key(document: Any) -> str | None:
    """Return the key of the image in an S3 event, a direct request, or a message about one of them; else None."""
    match document:
        case {"image_url": str(url)}:
            return url.removeprefix("s3://").partition("/")[2] or None
        case {"detail": {"object": {"key": str(key)}}}:
            return key
        case {"detail": {"input": str(text)}} | [{"body": str(text)}]:
            return key_in_text(text)
        case _:
            return None


def key_in_text(text: str) -> str | None:
    """Return the key of the image in a JSON text, None also where it is no JSON."""
    try:
        return image_key(json.loads(text))
    except ValueError:
        return None
