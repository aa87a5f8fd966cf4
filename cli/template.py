"""Read the templates of the service and of its companion stacks as data."""

from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from cli.project import project_or_checkout

ROOT = project_or_checkout()
SERVICE = "template.yaml"
MONITORING = "stacks/monitoring.yaml"
STACKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("stacks/*.yaml"))
TEMPLATES = (SERVICE, *STACKS)


@cache  # parsing takes a tenth of a second
def read_template(name: str = SERVICE) -> dict[str, Any]:
    """Return a template with intrinsic functions in their long form; do not change it.

    Args:
        name: path of the template in this repository.
    """
    template: dict[str, Any] = yaml_parse((ROOT / name).read_text(encoding="utf-8"))
    return template
