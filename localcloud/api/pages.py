"""Cut lists into pages, as List and Describe operations do."""

from typing import Any

from localcloud.api.protocol import InvalidRequestError


def cut_page(
    listed: str, found: list[dict[str, Any]], request: dict[str, Any], size: int
) -> dict[str, Any]:
    """Return a page as the member `listed`, and `NextToken` if more entries follow.

    Raises:
        InvalidRequestError: an earlier page did not return the token.
    """
    token = request.get("NextToken", "0")
    size = request.get("MaxResults", size)
    if not token.isdecimal():
        raise InvalidRequestError("Invalid pagination token.")

    start = int(token)
    page = {listed: found[start : start + size]}

    return page if start + size >= len(found) else page | {"NextToken": str(start + size)}
