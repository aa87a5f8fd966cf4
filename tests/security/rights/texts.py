"""Texts next to an ARN or a value: siblings, other names, other accounts and regions.

`<...>` in a text stands for any text, in which neighbours do not differ.
"""

import re
from collections.abc import Iterator
from functools import cache

from localcloud.server.settings import ACCOUNT, REGION
from tests.security.rights.judgement import OTHER_ACCOUNT
from tests.security.rights.policies import STACK

OTHER_REGION = "eu-west-9"
OTHER = "other"
_ANY = re.compile(r"<[^>]*>?")
_BOUNDARY = re.compile(r"[-:/@.]")


@cache
def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of all texts that a text stands for; "*" stands for any resource."""
    fixed = [re.escape(part) for part in _ANY.split(text)]
    return re.compile(".*" if text == "*" else ".*".join(fixed), re.DOTALL)


def neighbours(text: str, siblings: bool = True) -> Iterator[str]:
    """Yield texts that are alike, and that a narrow policy refuses."""
    if text in ("true", "false"):
        yield "false" if text == "true" else "true"
        return
    if text == ACCOUNT:
        yield OTHER_ACCOUNT
        return
    if text.endswith(".amazonaws.com"):
        yield re.sub(r"^\w+", "ec2", text)
        yield re.sub(r"^\w+", "sns", text)
    for here, there in (
        (f":{ACCOUNT}:", f":{OTHER_ACCOUNT}:"),
        (REGION, OTHER_REGION),
        ("arn:aws:", "arn:aws-cn:"),
    ):
        if here in text:
            yield text.replace(here, there)
    if text.startswith("arn:") and siblings:
        yield from _siblings(text)
    start = _name_begins(text)
    yield text[:start] + OTHER + "-" + text[start:]
    yield from _shorter(text, start)
    yield from _segments(text, start)


def _name_begins(text: str) -> int:
    """Return the position of an ARN's resource part, or 0 in any other text."""
    return len(":".join(text.split(":")[:5])) + 1 if text.startswith("arn:") else 0


def _shorter(text: str, start: int) -> Iterator[str]:
    """Yield other texts that share a beginning, up to each boundary of the name."""
    free = [match.span() for match in _ANY.finditer(text)]
    for match in _BOUNDARY.finditer(text, start):
        end = match.end()
        within = any(begin < end <= after for begin, after in free)
        if not within and end < len(text) and not any(begin == end for begin, _ in free):
            yield text[:end] + OTHER
    if not free or free[-1][1] < len(text):
        yield f"{text}-{OTHER}"
        yield f"{text}/{OTHER}"


def _segments(text: str, start: int) -> Iterator[str]:
    """The text with another segment in place of each that is fixed."""
    parts = re.split(r"([:/])", text[start:])
    for index in range(0, len(parts), 2):
        if "<" not in parts[index]:
            yield text[:start] + "".join([*parts[:index], OTHER, *parts[index + 1 :]])


def _siblings(text: str) -> Iterator[str]:
    """The same of every other resource of the stack that the service has."""
    service = text.split(":")[2]
    own = [one for one in STACK.resources if one.arn.split(":")[2:3] == [service]]
    # The longest, since the name of one resource may begin with that of another.
    mine = max((one.arn for one in own if text.startswith(one.arn)), key=len, default="")
    if not mine:
        return
    for sibling in own:
        if sibling.arn != mine:
            yield sibling.arn + text[len(mine) :]
