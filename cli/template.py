"""The service's template, and the companion templates, as data."""

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[1]
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
