"""The recorded calls of the service's roles, as the committed file recorded_calls.json keeps them.

Parts that differ from run to run are replaced: `${ImageBucket}` stands for the name of a resource,
`<key>` for any key, `<list>` for any list of classes. The mutation suite of the policies
(tests/security/rights) uses these calls, so that it needs no deployment.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.workflow.least_privilege.policies import Call

FILE = Path(__file__).with_name("recorded_calls.json")
# The condition keys that policies ask for. Others are sent as well, such as aws:SecureTransport.
CONTROLLING = {"aws:sourceaccount", "aws:sourcearn", "events:source", "cloudwatch:namespace"}
_KEY = re.compile(r"(arn:aws:s3:::[^/]+/\w+/).+")
_CLASS_LIST = re.compile(r"/classes/[0-9a-f]{64}/[0-9]+$")
_RANDOM = re.compile(r"[0-9A-Fa-f]{12}$")  # the end of a name that CloudFormation makes


def lines(calls: Iterable[Call], names: Mapping[str, str]) -> list[str]:
    """Return the calls as lines of JSON, sorted, each once.

    Args:
        calls: recorded calls.
        names: the physical id of each resource of the stack, by logical id.
    """
    return sorted({_line(call, names) for call in calls})


def calls(names: Mapping[str, str]) -> set[Call]:
    """Return the calls of the file, with the names of a stack.

    Args:
        names: the physical id of each resource of the stack, by logical id.
    """
    text = FILE.read_text(encoding="utf-8")
    for logical_id, name in names.items():
        text = text.replace(f"${{{logical_id}}}", _last(name))
    found = json.loads(text)
    return {
        Call(caller, action, resource, frozenset(given.items()))
        for caller, action, resource, given in found
    }


def page(found: list[str]) -> str:
    """Return the text of the file."""
    return "[\n" + ",\n".join(f"  {line}" for line in found) + "\n]\n"


def _line(call: Call, names: Mapping[str, str]) -> str:
    given = {key: value for key, value in sorted(call.conditions) if key in CONTROLLING}
    resource = _CLASS_LIST.sub("/classes/<list>", _KEY.sub(r"\1<key>", call.resource))
    text = json.dumps([call.caller, call.action, resource, given])
    for logical_id, name in names.items():
        if _RANDOM.search(_last(name)):
            text = text.replace(_last(name), f"${{{logical_id}}}")
    return text


def _last(name: str) -> str:
    return re.split(r"[/:]", name)[-1]
