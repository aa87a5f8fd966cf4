"""MiniStack's ASGI app.

Import it when MiniStack's settings are in the environment: MiniStack reads them when it is imported.
"""

from ministack import app as _ministack
from starlette.types import ASGIApp

app: ASGIApp = _ministack.app
