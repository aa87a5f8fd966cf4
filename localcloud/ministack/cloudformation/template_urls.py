"""Where the templates of nested stacks lie, as AWS tells it: `sam delete` knows S3 by the name of its host alone.

`sam deploy` makes these URLs of the endpoint that it talks to, here one on the loopback. MiniStack takes both forms.
"""

import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import handlers

from localcloud.ministack.patch import wrap

type Answer = tuple[int, dict[str, str], bytes]

_HERE = re.compile(rb"http://(?:127\.0\.0\.1|localhost):\d+/(?=[a-z0-9.-]+/(?:[\w-]+/)*[0-9a-f]+\.template\b)")


def install() -> None:
    """Look at what GetTemplate answers."""
    wrap(handlers, "_get_template", "params", _get_template)
    handlers._ACTION_HANDLERS["GetTemplate"] = handlers._get_template


def _get_template(original: Callable[..., Answer], params: Any) -> Answer:
    status, headers, body = original(params)
    return status, headers, _HERE.sub(f"https://s3.{get_region()}.amazonaws.com/".encode(), body)
