"""Refuse requests that are not from the review page itself, and set the security headers.

The application prints its address with a token when it starts. This address sets a cookie that
browsers send to this application alone. Each request that changes something repeats the token in a
header. The Host and Origin headers must be the application's own.
"""

import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cli.errors import CommandError

COOKIE = "review"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

type Next = Callable[[Request], Awaitable[Response]]


class RefusedRequestError(CommandError):
    """The request is not from the review page: open the address that `scones review` printed."""


def only_own_page(host: str, token: str) -> Callable[[Request, Next], Awaitable[Response]]:
    """Build the guard in front of every request.

    Args:
        host: The address of the application, as browsers name it in the Host header.
        token: The secret of this start of the application.
    """

    async def dispatch(request: Request, call_next: Next) -> Response:
        refusal = _refusal(request, host, token)
        if refusal:
            text = f"{refusal} {RefusedRequestError.__doc__}\n"
            answer: Response = PlainTextResponse(text, status_code=403)
        else:
            answer = await call_next(request)
        answer.headers.update(HEADERS)
        return answer

    return dispatch


def _refusal(request: Request, host: str, token: str) -> str | None:
    """Say why a request is refused, or return None."""
    headers = request.headers
    if headers.get("host") != host:
        return f"The Host header is not {host}."
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "The request comes from a page of another origin."

    tokens = [request.query_params.get("token"), request.cookies.get(COOKIE)]
    if not any(_equal(given, token) for given in tokens):
        return "The request does not have the token of this review."
    if request.method == "POST" and not _equal(headers.get("x-review-token"), token):
        return "The request does not repeat the token of this review."
    return None


def _equal(given: str | None, token: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), token.encode())
