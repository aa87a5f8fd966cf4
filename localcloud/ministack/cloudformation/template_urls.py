"""Show the templates of nested stacks at the host of S3.

MiniStack: shows the URL of the request, here on the loopback address. It reads both forms.
AWS: has the templates at s3.REGION.amazonaws.com. `sam delete` finds nothing at another host.
Source: CloudFormation Template Reference, "AWS::CloudFormation::Stack", TemplateURL: it points to
a template in an Amazon S3 bucket.
Remove this patch when MiniStack rewrites the URLs.
"""

import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import handlers

from localcloud.ministack.patch import wrap

type Answer = tuple[int, dict[str, str], bytes]

_HERE = re.compile(
    rb"http://(?:127\.0\.0\.1|localhost):\d+/(?=[a-z0-9.-]+/(?:[\w-]+/)*[0-9a-f]+\.template\b)"
)


def install() -> None:
    """Rewrite the URLs in the answers of GetTemplate."""
    wrap(handlers, "_get_template", "params", _get_template)
    handlers._ACTION_HANDLERS["GetTemplate"] = handlers._get_template


def _get_template(original: Callable[..., Answer], params: Any) -> Answer:
    status, headers, body = original(params)
    return status, headers, _HERE.sub(f"https://s3.{get_region()}.amazonaws.com/".encode(), body)
