"""The `sam deploy` command that has the service ask the endpoint."""

import shlex
import tomllib
from pathlib import Path

from training.naming import Names

SAMCONFIG = Path(__file__).parents[2] / "samconfig.toml"
_ENDPOINT = "EndpointName="


def sam_deploy_command(names: Names, samconfig: Path = SAMCONFIG) -> str:
    """The command for the stack of the service, in the environment of samconfig.toml that has it.

    What the environment sets itself is repeated: parameters on the command line replace those in the file.
    """
    environments = tomllib.loads(samconfig.read_text(encoding="utf-8")) if samconfig.exists() else {}
    for environment, commands in environments.items():
        if environment != "local" and _parameters(commands, "global").get("stack_name") == names.service:
            chosen = "" if environment == "default" else f" --config-env {environment}"
            shared = _parameters(commands, "global").get("parameter_overrides", "")
            own = shlex.split(_parameters(commands, "deploy").get("parameter_overrides", shared))
            break
    else:
        # The template has two stages, and only prod protects its table.
        chosen, own = f" --stack-name {names.service}", [f"Stage={'prod' if names.stage == 'prod' else 'dev'}"]

    overrides = [f"{_ENDPOINT}{names.endpoint}", *(one for one in own if not one.startswith(_ENDPOINT))]
    return f"sam deploy{chosen} --parameter-overrides {shlex.join(overrides)}"


def _parameters(commands: object, command: str) -> dict[str, str]:
    """The parameters of one command in one environment of samconfig.toml."""
    found = commands.get(command, {}) if isinstance(commands, dict) else {}
    return dict(found.get("parameters", {}))
