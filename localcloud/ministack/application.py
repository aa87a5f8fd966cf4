"""Import MiniStack's ASGI app.

Import this module when MiniStack's settings are in the environment. MiniStack reads them once,
during its import.
"""

from ministack import app as _ministack
from starlette.types import ASGIApp

app: ASGIApp = _ministack.app
