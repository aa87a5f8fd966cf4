"""Check that Pillow's compiled modules fit the processor that the function runs on."""

import platform
from importlib.util import find_spec
from pathlib import Path

# The processor in the name of a compiled module, and its name in Lambda.
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64"}


class OtherProcessorError(Exception):
    """The function's package was built for another processor than the function runs on."""

    def __init__(self, built_for: str, runs_on: str) -> None:
        super().__init__(
            f"The function was built for {built_for} and runs on {runs_on}. "
            f"Give the parameter Architecture={runs_on} to both `sam build` and `sam deploy`."
        )


def refuse_other_processor() -> None:
    """Check that Pillow can load on this processor.

    Pillow itself reports "cannot import name '_imaging'": Python ignores a compiled module of
    another processor.

    Raises:
        OtherProcessorError: the package was built for another processor.
    """
    spec = find_spec("PIL")
    folders = spec.submodule_search_locations if spec else None

    for folder in folders or ():
        check_modules(Path(folder), platform.machine())


def check_modules(package: Path, machine: str) -> None:
    """Check that a package has a compiled module for a processor, if it has compiled modules.

    Args:
        package: the folder of Pillow.
        machine: the processor, as the kernel names it.

    Raises:
        OtherProcessorError: all compiled modules are for other processors.
    """
    names = [module.name for module in package.glob("_imaging.*.so")]
    built_for = [known for known in _MACHINES if any(f"-{known}-" in name for name in names)]

    if built_for and machine not in built_for:
        raise OtherProcessorError(_MACHINES[built_for[0]], _MACHINES.get(machine, machine))
