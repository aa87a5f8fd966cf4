"""Measure import and initialisation of each function in a fresh process.

The baseline is `import boto3; boto3.client("s3")`. As in Lambda, the packages of the runtime are
compiled, and the function's package is not. The layer is on the path. The programs take turns, so
that a change of the machine's speed affects all of them.
"""

import os
import subprocess
import time
from pathlib import Path
from statistics import median

from localcloud.lambda_runtime.installation import install
from localcloud.server.settings import data_folder
from untrusted.terminal import say

ROUNDS = 15
BASELINE = 'import boto3; boto3.client("s3")'
# The objects that each function creates before its first answer.
STARTS = {
    "SerializeImageFunction": "import functions.serialize_image.app as app; app.s3()",
    "ClassifyImageFunction": (
        "import functions.classify_image.app as app; app.sagemaker_runtime(); app.parameters()"
    ),
    "FilterInferencesFunction": "import functions.filter_inferences.app",
}
BUILD = Path(".aws-sam/build")


class NotBuiltError(Exception):
    """The functions are not built. Run `make demo`, or `sam build` for this architecture."""


def seconds(python: Path, program: str, package: Path | None) -> float:
    """Return the wall time of one fresh process."""
    path = (
        f"{package.absolute()}:{Path('layers/observability/python').absolute()}" if package else ""
    )
    variables = {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    variables |= {
        "LAMBDA_TASK_ROOT": str(package or ""),
        "POWERTOOLS_SERVICE_NAME": "scones-unlimited",
    }
    start = time.perf_counter()
    subprocess.run([python, "-c", program], env=variables, check=True)

    return time.perf_counter() - start


def measure() -> list[str]:
    """Return medians and their ratios to the baseline.

    Raises:
        NotBuiltError: The functions are not built.
    """
    if not BUILD.exists():
        raise NotBuiltError(f"{BUILD} does not exist; run `make demo` first.")
    python = install(data_folder(), say)
    # In Lambda, too, the runtime's packages are compiled.
    packages = python.parents[1] / "lib"
    subprocess.run([python, "-m", "compileall", "-q", packages], env={**os.environ}, check=False)
    programs: dict[str, tuple[str, Path | None]] = {"baseline": (BASELINE, None)}
    programs |= {name: (program, BUILD / name) for name, program in STARTS.items()}
    times: dict[str, list[float]] = {name: [] for name in programs}

    for _ in range(ROUNDS):
        for name, (program, package) in programs.items():
            times[name].append(seconds(python, program, package))

    base = median(times["baseline"])
    lines = [f"import and initialisation in a fresh process, medians of {ROUNDS}"]
    lines += [
        f"  {name:26}{1000 * median(t):6.0f} ms  {median(t) / base:.2f} x"
        for name, t in times.items()
    ]

    return lines


if __name__ == "__main__":
    say(*measure())
