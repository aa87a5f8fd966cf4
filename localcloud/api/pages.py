"""Cut lists into pages, as List and Describe operations do."""

from typing import Any

from localcloud.api.protocol import InvalidRequestError


def cut_page(
    listed: str, found: list[dict[str, Any]], request: dict[str, Any], size: int
) -> dict[str, Any]:
    """Return the page that a request asks for, as its member `listed` and, if more follow, `NextToken`.

    Raises:
        InvalidRequestError: the token is not one that an earlier page gave.
    """
    token, size = request.get("NextToken", "0"), request.get("MaxResults", size)
    if not token.isdecimal():
        raise InvalidRequestError("Invalid pagination token.")
    start = int(token)
    page = {listed: found[start : start + size]}
    return page if start + size >= len(found) else page | {"NextToken": str(start + size)}
