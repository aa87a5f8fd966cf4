"""Parse the head of a request once.

The gateway puts the head into the ASGI scope, and every service reads it there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs

from starlette.types import Scope

_SCOPE_MEMBER = "localcloud.request_head"
# AWS Signature Version 4: <access key>/<date>/<region>/<service>/aws4_request. The region becomes
# the name of a folder.
_CREDENTIAL_SCOPE = re.compile(
    r"[^/,\s]+/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request"
)


@dataclass(frozen=True)
class RequestHead:
    """The head of a request, as services read it.

    Args:
        headers: names in lower case; the first one of several headers of a name.
        query: the parameters of the URL, each with all of its values.
        region: the region in the credential scope of the signature, or None without a signature.
        service: the service in the credential scope.
    """

    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    region: str | None
    service: str | None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """Return the head of a request; the first call parses it and puts it into the scope."""
        known: Self | None = scope.get(_SCOPE_MEMBER)
        if known is None:
            known = scope[_SCOPE_MEMBER] = cls._parse(scope)
        return known

    @classmethod
    def _parse(cls, scope: Scope) -> Self:
        sent = reversed(scope["headers"])  # the last entry for a name stays
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in sent}
        text: bytes = scope.get("query_string", b"")
        query = parse_qs(text.decode("latin-1"), keep_blank_values=True) if text else {}

        signature = headers.get("authorization") or query.get("X-Amz-Credential", [""])[0]
        found = _CREDENTIAL_SCOPE.search(signature)

        return cls(headers, query, found and found["region"], found and found["service"])
