"""Cut lists into pages; a token is the place of the last item of its page."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.stepfunctions.api_errors import InvalidTokenError

# Step Functions' default if maxResults is 0 or missing.
PAGE_SIZE = 100


def cut_page[Item](
    items: Sequence[Item],
    request: Mapping[str, Any],
    place: Callable[[Item], list[Any]],
) -> tuple[list[Item], dict[str, str]]:
    """Return the items of the requested page, and the member nextToken if more follow.

    Args:
        items: all items in the order of their places, which new items do not change.
        request: the request, with maxResults and nextToken if given.
        place: returns the place of an item, made of numbers and strings.

    Raises:
        InvalidTokenError: the token does not come from an earlier page.
    """
    size = request.get("maxResults") or PAGE_SIZE
    rest = list(items)
    if token := request.get("nextToken"):
        after = _decoded(token)
        places = [place(item) for item in items]
        if after not in places:
            raise InvalidTokenError("Invalid Token: 'Invalid token'")
        rest = rest[places.index(after) + 1 :]

    page = rest[:size]

    return page, {"nextToken": _encoded(place(page[-1]))} if len(rest) > size else {}


def _encoded(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decoded(token: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError as exc:
        raise InvalidTokenError("Invalid Token: 'Invalid token'") from exc
