"""Build the `sam deploy` command that connects the service with the endpoint."""

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.project import project_or_checkout
from training.project.naming import Names

SAMCONFIG = project_or_checkout() / "samconfig.toml"
_ENDPOINT, _ENVIRONMENT = "EndpointName=", "Environment="
_DEV, _PROD, _LOCAL = "default", "prod", "local"  # environments of samconfig.toml


def sam_deploy_command(names: Names, samconfig: Path = SAMCONFIG) -> str:
    """Return the command that deploys the stack of the service with its endpoint.

    It repeats the parameters of the environment, which parameters on the command line replace. A
    stack outside samconfig.toml uses a similar environment without its artifact prefix, because
    `sam delete` deletes everything under the prefix.
    """
    text = samconfig.read_text(encoding="utf-8") if samconfig.exists() else ""
    config_envs = {name: one for name, one in tomllib.loads(text).items() if name != _LOCAL}
    named = [
        config_env
        for config_env, commands in config_envs.items()
        if _parameters(commands, "global").get("stack_name") == names.service
    ]
    # The template has two environments, and only prod protects its table.
    environment = "prod" if names.environment == "prod" else "dev"
    config_env = named[0] if named else _PROD if environment == "prod" else _DEV

    arguments = [] if config_env == _DEV else ["--config-env", config_env]
    if not named:
        arguments += ["--stack-name", names.service, "--s3-prefix", names.service]
    overrides = _overrides(config_envs.get(config_env, {}), [] if named else [_ENVIRONMENT])
    if not any(one.startswith(_ENVIRONMENT) for one in overrides):
        overrides.append(f"{_ENVIRONMENT}{environment}")
    overrides.insert(0, f"{_ENDPOINT}{names.endpoint}")
    return shlex.join(["sam", "deploy", *arguments, "--parameter-overrides", *overrides])


def _overrides(commands: Mapping[str, Any], without: list[str]) -> list[str]:
    """Return an environment's template parameters, except the endpoint and the given ones."""
    shared = _parameters(commands, "global").get("parameter_overrides", "")
    own = shlex.split(_parameters(commands, "deploy").get("parameter_overrides", shared))
    return [one for one in own if not one.startswith((_ENDPOINT, *without))]


def _parameters(commands: object, command: str) -> dict[str, str]:
    """Return the parameters of one command in one environment of samconfig.toml."""
    found = commands.get(command, {}) if isinstance(commands, dict) else {}
    return dict(found.get("parameters", {}))
