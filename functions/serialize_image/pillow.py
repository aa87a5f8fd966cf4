"""Pillow, or the reason why it does not load: its compiled modules are made for one kind of processor."""

import platform
import sys
from pathlib import Path

_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64"}  # as in the name of a compiled module: as Lambda says


class OtherProcessorError(ImportError):
    """The function's package was built for another processor than the function runs on.

    As an ImportError it becomes Lambda's Runtime.ImportModuleError, which keeps the sentence.
    """

    def __init__(self, built_for: str, runs_on: str) -> None:
        super().__init__(
            f"The function was built for {built_for} and runs on {runs_on}. "
            f"Give the parameter Architecture={runs_on} to both `sam build` and `sam deploy`."
        )


def other_processor(package: Path, machine: str) -> OtherProcessorError | None:
    """Return the error of a package whose compiled modules are for other processors only, None of any other package.

    Args:
        package: the folder of Pillow.
        machine: the processor, as the kernel names it.
    """
    names = [module.name for module in package.glob("_imaging.*.so")]
    built_for = [known for known in _MACHINES if any(f"-{known}-" in name for name in names)]
    if not built_for or machine in built_for:
        return None
    return OtherProcessorError(_MACHINES[built_for[0]], _MACHINES.get(machine, machine))


try:
    # Pillow registers WebP only with its rarer plugins; importing it here keeps those out of a cold start.
    from PIL import ExifTags, Image, WebPImagePlugin  # noqa: F401
except ImportError as error:
    # Pillow says "cannot import name '_imaging'", since a compiled module of another processor is not looked at.
    folders = [Path(folder) for folder in getattr(sys.modules.get("PIL"), "__path__", [])]
    reasons = [other_processor(folder, platform.machine()) for folder in folders]
    raise next((reason for reason in reasons if reason), error) from error

__all__ = ["ExifTags", "Image", "OtherProcessorError", "other_processor"]
