"""All that a local cloud and the service on it have logged, and what of an image must not stand there."""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator

from localcloud.server.cloud import Cloud
from localcloud.server.settings import Folder

# A URL or a header with one of these lets whoever reads it act as the caller.
CREDENTIALS = ("X-Amz-Signature", "X-Amz-Security-Token", "AWS4-HMAC-SHA256")
# Characters of base64: every run of 64 bytes has such a piece in it, at whichever of the three alignments it begins.
_PIECE = 40
_ENCODED = re.compile(rf"[A-Za-z0-9+/=]{{{_PIECE},}}")  # what can hold a piece


def lines(cloud: Cloud, folder: Folder) -> Iterator[tuple[str, str]]:
    """Every line, with the log that it stands in: of CloudWatch Logs, and of the local cloud's own files."""
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
    """The lines that hold a secret, a trace of a file, or something that lets others act as the caller."""
    wanted = (*CREDENTIALS, *secrets)
    return [
        f"{log}: {line[:500]}"
        for log, line in logged
        if any(secret in line for secret in wanted)
        or any(trace in encoded for encoded in _ENCODED.findall(line) for trace in traces)
    ]
