"""Warn of an AWS CLI that ignores AWS_ENDPOINT_URL and sends requests to AWS.

Version 1 sends some services to its own host names, in spite of the variable
(awscli/customizations/overridesslcommonname.py). Versions before 1.29 and 2.13 do not know the
variable: AWS SDKs and Tools Reference Guide, "Service-specific endpoints", Support by AWS SDKs and
tools. All versions obey --endpoint-url.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping

# The first versions, by major version, that know AWS_ENDPOINT_URL.
_FIRST_THAT_KNOWS = {1: (1, 29), 2: (2, 13)}
_VERSION = re.compile(r"aws-cli/(?P<major>\d+)\.(?P<minor>\d+)(?P<rest>[\w.]*)")
_ANSWER_SECONDS = 20.0
_REMEDY = (
    "This shell calls it with --endpoint-url. "
    'In scripts, write `aws --endpoint-url "$AWS_ENDPOINT_URL" ...`, '
    "or install AWS CLI 2.13 or newer."
)


def warning(environment: Mapping[str, str]) -> str | None:
    """Return a warning about the ``aws`` on PATH, or None if it obeys AWS_ENDPOINT_URL."""
    program = shutil.which("aws", path=environment.get("PATH", ""))
    if program is None:
        return None

    found = _VERSION.match(_printed_version(program, environment))
    if found is None:
        return f"The version of {program} is unknown. It may ignore AWS_ENDPOINT_URL. {_REMEDY}"

    major = int(found["major"])
    minor = int(found["minor"])
    name = f"AWS CLI {major}.{minor}{found['rest']} ({program})"
    if (major, minor) < _FIRST_THAT_KNOWS.get(major, (0, 0)):
        return f"{name} ignores AWS_ENDPOINT_URL. {_REMEDY}"
    if major == 1:
        services = "sqs, emr, rds, docdb, neptune and health"
        return f"{name} ignores AWS_ENDPOINT_URL for {services}. {_REMEDY}"

    return None


def _printed_version(program: str, environment: Mapping[str, str]) -> str:
    try:
        ended = subprocess.run(
            [program, "--version"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # old versions print it there
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.decode("utf-8", "replace")
