"""Set the environment in which every AWS client talks to the local cloud and to nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.server.settings import ACCESS_KEY, REGION, SECRET_KEY
from localcloud.server.shells import SHELLS

# Code that Python runs at its start, and settings of the SageMaker SDK.
_STARTUP = Path(__file__).parents[1] / "python_startup"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LOCAL_URL = "http://127.0.0.1:"
# Variables that send a client to another account.
_FOREIGN = (
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def client_environment(url: str, outside: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables to set for a client of the cloud at ``url``, besides ``outside``."""
    variables = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # A profile may name other endpoints, or another way to address buckets.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        # 127.0.0.1 has no subdomains, unlike sync-states.us-east-1.amazonaws.com.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "PYTHONPATH": _with_startup(outside.get("PYTHONPATH", "")),
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(_STARTUP / "sagemaker_sdk.yaml"),
        "SAM_CLI_TELEMETRY": "0",
        # Seconds between requests for the state of a stack; the default of 5 suits AWS.
        "SAM_CLI_POLL_DELAY": "0.5",
    }
    if any(outside.get(name) for name in _PROXIES):
        for name in ("NO_PROXY", "no_proxy"):
            variables[name] = ",".join(filter(None, (outside.get(name), "127.0.0.1")))
    return variables


def _with_startup(path: str) -> str:
    return os.pathsep.join(filter(None, (str(_STARTUP), _without_startup(path))))


def _without_startup(path: str) -> str:
    others = [folder for folder in path.split(os.pathsep) if folder not in ("", str(_STARTUP))]
    return os.pathsep.join(others)


def foreign_variables(outside: Mapping[str, str] = os.environ) -> list[str]:
    """Return the variables ``outside`` that a client of the local cloud must not see."""
    return [
        name for name in sorted(outside) if name in _FOREIGN or name.startswith("AWS_ENDPOINT_URL_")
    ]


def shell_commands(
    url: str, outside: Mapping[str, str] = os.environ, shell: str = "bash"
) -> list[str]:
    """Return the commands that point a shell's clients at the cloud at ``url``.

    They also call `aws` with --endpoint-url, in that shell and not in programs that it starts.
    """
    syntax = SHELLS[shell]
    variables = client_environment(url, outside)
    return [
        *(syntax.unset(name) for name in foreign_variables(outside)),
        *(syntax.set(name, value) for name, value in variables.items()),
        *syntax.define_aws,
    ]


def unset_commands(outside: Mapping[str, str] = os.environ, shell: str = "bash") -> list[str]:
    """Return the commands that remove the variables of the local cloud from a shell.

    A variable that has another value than the local cloud gives it is left alone. Variables that
    `env` removed do not come back.
    """
    syntax = SHELLS[shell]
    commands = [syntax.unset(name) for name in _own_variables(outside)]
    path = outside.get("PYTHONPATH", "")
    if others := _without_startup(path):
        commands += [syntax.set("PYTHONPATH", others)] if others != path else []
    elif path:
        commands.append(syntax.unset("PYTHONPATH"))

    return [*commands, *syntax.forget_aws]


def _own_variables(outside: Mapping[str, str]) -> list[str]:
    """Return the variables ``outside`` that have the value of the local cloud."""
    url = outside.get("AWS_ENDPOINT_URL", "")
    if not url.startswith(_LOCAL_URL) or outside.get("AWS_ACCESS_KEY_ID") != ACCESS_KEY:
        return []
    own = client_environment(url, {})
    del own["PYTHONPATH"]  # it may have other folders too
    return [name for name, value in own.items() if outside.get(name) == value]
