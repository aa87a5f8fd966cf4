"""A tracing provider for Powertools that sends X-Ray subsegments without the X-Ray SDK.

The SDK reaches its end of support on 2027-02-25 and adds botocore (30 MB) to every package.
One UDP datagram for each subsegment replaces it:
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import logging
import os
import re
import secrets
import socket
import time
import traceback
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Tracer
from aws_lambda_powertools.tracing.base import BaseProvider, BaseSegment

DAEMON_HEADER = b'{"format": "json", "version": 1}\n'
MAX_DATAGRAM_BYTES = 64_000  # the daemon reads at most 64 KiB
MAX_VALUE_CHARACTERS = 4_000  # of one annotation or piece of metadata
MAX_STACK_FRAMES = 30
# AWS's schema of segment documents allows no more.
MAX_NAME_CHARACTERS = 200
MAX_KEY_CHARACTERS = 500
MAX_ANNOTATION_CHARACTERS = 1_000
_NOT_IN_NAMES = re.compile(r"[^\w\s.:/%&#=+\\\-@]")
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_]")

logger = logging.getLogger(__name__)


@dataclass
class Subsegment(BaseSegment):
    """A timed piece of work within an invocation; times in epoch seconds."""

    name: str
    trace_id: str
    parent_id: str
    namespace: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    type: str = "subsegment"
    start_time: float = field(default_factory=time.time)
    end_time: float = 0.0
    fault: bool = False
    cause: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)

    def close(self, end_time: float | None = None) -> None:
        """End the work at a time; the default is now."""
        self.end_time = end_time or time.time()

    def add_subsegment(self, subsegment: "Subsegment") -> None:
        """Make another subsegment a child of this one."""
        subsegment.trace_id, subsegment.parent_id = self.trace_id, self.id

    def remove_subsegment(self, subsegment: "Subsegment") -> None:
        """Do nothing: every subsegment is sent separately, so a parent holds no children."""

    def put_annotation(self, key: str, value: Any) -> None:
        """Add a value to search traces by; special characters in the key become underscores."""
        plain = _plain(value if isinstance(value, str | int | float) else str(value))
        name = _NOT_IN_KEYS.sub("_", key)[:MAX_KEY_CHARACTERS]
        self.annotations[name] = (
            plain[:MAX_ANNOTATION_CHARACTERS] if isinstance(plain, str) else plain
        )

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """Add a value that cannot be searched."""
        self.metadata.setdefault(namespace, {})[key] = _plain(value)

    def add_exception(
        self, exception: BaseException, stack: Sequence[Any], remote: bool = False
    ) -> None:
        """Mark the work as failed, by an exception raised here or in a called service (remote)."""
        frames = [
            {"path": frame.filename, "line": frame.lineno, "label": frame.name} for frame in stack
        ]
        described = {
            "id": secrets.token_hex(8),
            "type": type(exception).__name__,
            "message": _plain(str(exception)),
            "remote": remote,
            "stack": frames[-MAX_STACK_FRAMES:],
        }
        self.fault = True
        self.cause = {"exceptions": [described]}

    def datagram(self) -> bytes:
        """Encode for the daemon; metadata that does not fit is left out."""
        document = {name: value for name, value in vars(self).items() if value}
        datagram = DAEMON_HEADER + json.dumps(document).encode()
        if len(datagram) > MAX_DATAGRAM_BYTES:
            del document["metadata"]
            datagram = DAEMON_HEADER + json.dumps(document).encode()
        return datagram


class XRayProvider(BaseProvider):
    """A provider that sends every subsegment of a sampled invocation when it ends.

    Libraries are not patched: a call to AWS is in the trace if its adapter has
    `@tracer.capture_method`.
    """

    def __init__(self) -> None:
        """Start with no subsegment open."""
        self._current: ContextVar[Subsegment | None] = ContextVar("subsegment", default=None)
        self._daemon_missed = False

    @contextmanager
    def in_subsegment(self, name: str | None = None, **kwargs: Any) -> Generator[Subsegment]:
        """Time the body as a subsegment of the open subsegment, or of the invocation.

        Args:
            name: Name of the subsegment.
            **kwargs: `namespace`.
        """
        trace = _trace()
        parent = self._current.get()
        parent_id = parent.id if parent else trace.get("Parent", "")
        known = _NOT_IN_NAMES.sub("", name or "")[:MAX_NAME_CHARACTERS] or "subsegment"
        subsegment = Subsegment(known, trace.get("Root", ""), parent_id, **kwargs)
        token = self._current.set(subsegment)

        try:
            yield subsegment
        except BaseException as exc:
            subsegment.add_exception(exc, traceback.extract_tb(exc.__traceback__))
            raise
        finally:
            self._current.reset(token)
            subsegment.close()
            if trace.get("Sampled") == "1":
                self._send(subsegment)

    @asynccontextmanager
    async def in_subsegment_async(
        self, name: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[Subsegment]:
        """Do the same around asynchronous work."""
        with self.in_subsegment(name, **kwargs) as subsegment:
            yield subsegment

    def put_annotation(self, key: str, value: Any) -> None:
        """Annotate the open subsegment; do nothing outside of subsegments."""
        if subsegment := self._current.get():
            subsegment.put_annotation(key, value)

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """Add metadata to the open subsegment; do nothing outside of subsegments."""
        if subsegment := self._current.get():
            subsegment.put_metadata(key, value, namespace)

    def patch(self, modules: Sequence[str]) -> None:
        """Do nothing: libraries are not patched, see the class."""

    def patch_all(self) -> None:
        """Do nothing: libraries are not patched, see the class."""

    def _send(self, subsegment: Subsegment) -> None:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.sendto(subsegment.datagram(), _daemon_address())
        except (LookupError, ValueError, OSError) as exc:  # a lost trace must not fail an image
            if not self._daemon_missed:
                logger.debug("No X-Ray daemon, subsegments are lost: %r", exc)
            self._daemon_missed = True


def lambda_tracer() -> Tracer:
    """Return a Powertools Tracer with this provider.

    Outside Lambda, Powertools disables itself with the X-Ray SDK, which is not installed. Therefore
    the tracer stays enabled, and the provider sends nothing: see `_trace`.
    """
    return Tracer(provider=XRayProvider(), disabled=False, auto_patch=False)


def _trace() -> dict[str, str]:
    """Return the trace of this invocation (`Root=...;Parent=...;Sampled=1`); empty if disabled."""
    if any(
        os.environ.get(name, "").lower() in ("1", "true", "yes")
        for name in ("POWERTOOLS_TRACE_DISABLED", "AWS_SAM_LOCAL")
    ):
        return {}

    return dict(
        part.split("=", 1)
        for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";")
        if "=" in part
    )


def _daemon_address() -> tuple[str, int]:
    """Read host and UDP port from `host:port` or `tcp:host:port udp:host:port`."""
    addresses = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split()
    udp = next((address for address in addresses if address.startswith("udp:")), addresses[0])
    host, port = udp.removeprefix("udp:").rsplit(":", 1)
    return host, int(port)


def _plain(value: Any) -> Any:
    """Convert any value to JSON data: other objects become text, long values are cut."""
    try:
        text = json.dumps(value, default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(f"not JSON: {type(value).__name__}")
    return json.loads(text) if len(text) <= MAX_VALUE_CHARACTERS else text[:MAX_VALUE_CHARACTERS]
