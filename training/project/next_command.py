"""Build the command of the next step for the same run."""

import shlex

from training.project.naming import Names


def next_command(names: Names, step: str, *options: str) -> str:
    """Return the command of a step, with the project, environment and run that differ."""
    defaults = Names().tags
    words = [
        word
        for option, value in names.tags.items()
        if value != defaults[option]
        for word in (f"--{option}", value)
    ]
    return shlex.join(["scones", step, *options, *words])
