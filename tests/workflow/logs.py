"""The logs of a local cloud and its service, and secrets that must not be in them."""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator

from localcloud.server.cloud import Cloud
from localcloud.server.settings import Folder

# A URL or a header with one of these lets its readers act as the caller.
CREDENTIALS = ("X-Amz-Signature", "X-Amz-Security-Token", "AWS4-HMAC-SHA256")
# Characters of base64: at any alignment, a run of 64 bytes contains a whole piece.
_PIECE = 40
_ENCODED = re.compile(rf"[A-Za-z0-9+/=]{{{_PIECE},}}")  # text that may contain a piece


def lines(cloud: Cloud, folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield every line with its log, from CloudWatch Logs and the local cloud's files."""
    logs = cloud.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            ):
                yield from ((group["logGroupName"], event["message"]) for event in events["events"])
    for path in sorted((folder.path / "logs").rglob("*")):
        if path.is_file():
            yield from ((path.name, line) for line in path.read_text(errors="replace").splitlines())


def traces_of(data: bytes) -> set[str]:
    """Pieces of a file's base64, one of which is in every longer piece of it."""
    encoded = [b64encode(data[shift:]).decode() for shift in range(3)]
    return {
        text[at : at + _PIECE] for text in encoded for at in range(0, len(text) - _PIECE, _PIECE)
    }


def leaks(
    logged: Iterable[tuple[str, str]], secrets: Iterable[str], traces: Collection[str] = ()
) -> list[str]:
    """Return the lines with a secret, a part of a file, or credentials of the caller."""
    wanted = (*CREDENTIALS, *secrets)
    return [
        f"{log}: {line[:500]}"
        for log, line in logged
        if any(secret in line for secret in wanted)
        or any(trace in encoded for encoded in _ENCODED.findall(line) for trace in traces)
    ]
