"""The environment in which any AWS client talks to the local cloud, and to nothing else."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from localcloud.server.aws_cli import SHELL_FUNCTION
from localcloud.server.settings import ACCESS_KEY, REGION, SECRET_KEY

# What Python runs at its start, and settings of the SageMaker SDK.
_STARTUP = Path(__file__).parents[1] / "python_startup"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# What would send a client, or a part of it, elsewhere.
_FOREIGN = (
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def client_environment(url: str, outside: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables to set, on top of those ``outside``, for a client of the cloud at ``url``."""
    variables = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,  # a profile may name other endpoints, or another way to address buckets
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # 127.0.0.1 has no sub-domains, as sync-states.us-east-1 has
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "PYTHONPATH": _with_startup(outside.get("PYTHONPATH", "")),
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(_STARTUP / "sagemaker_sdk.yaml"),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",  # seconds between looks at a stack; the default of 5 is made for AWS
    }
    if any(outside.get(name) for name in _PROXIES):
        for name in ("NO_PROXY", "no_proxy"):
            variables[name] = ",".join(filter(None, (outside.get(name), "127.0.0.1")))
    return variables


def _with_startup(path: str) -> str:
    others = [folder for folder in path.split(os.pathsep) if folder not in ("", str(_STARTUP))]
    return os.pathsep.join([str(_STARTUP), *others])


def foreign_variables(outside: Mapping[str, str] = os.environ) -> list[str]:
    """Return the variables ``outside`` that a client of the local cloud must not see."""
    return [
        name for name in sorted(outside) if name in _FOREIGN or name.startswith("AWS_ENDPOINT_URL_")
    ]


def shell_commands(url: str, outside: Mapping[str, str] = os.environ) -> str:
    """Return the commands that make a POSIX shell's environment the one for clients: for `eval`.

    They also have `aws` called with --endpoint-url, in that shell and not in programs that it starts.
    """
    lines = [f"unset {name}" for name in foreign_variables(outside)]
    lines += [
        f"export {name}={shlex.quote(value)}"
        for name, value in client_environment(url, outside).items()
    ]
    lines += ["unalias aws 2>/dev/null || true", SHELL_FUNCTION]
    return "\n".join(lines)
