"""Find the subject of a request: the object that the request works on, and that faults strike.

AWS's own events name an S3 object. In the input of an application, the plan lists the members that
name one.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any


def find_subject(document: Any, members: Sequence[str]) -> str | None:
    """Return the key of the S3 object that a document names, or None.

    Bucket and version are not part of a subject: each run draws their names at random, so a run
    would not repeat.

    Args:
        document: an S3 event, the input of an application, or a message or status change that holds
            one of these.
        members: the members of an input that name an object, as an S3 URL; the first one counts.
    """
    match document:
        case {"detail": {"object": {"key": str(key)}}}:
            return key
        case {"detail": {"input": str(text)}} | [{"body": str(text)}]:
            return find_subject_in_text(text, members)
        case dict():
            urls = (document[name] for name in members if isinstance(document.get(name), str))
            return next((key for url in urls if (key := _key_of(url))), None)
        case _:
            return None


def find_subject_in_text(text: str, members: Sequence[str]) -> str | None:
    """Return the subject of a JSON text, or None; also for a text that is not JSON."""
    try:
        return find_subject(json.loads(text), members)
    except ValueError:
        return None


def digest_of(document: Any) -> str:
    """Return the subject of a document without an object: a digest, equal for equal documents."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _key_of(url: str) -> str:
    return url.removeprefix("s3://").partition("/")[2]
