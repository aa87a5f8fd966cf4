"""Import and initialisation of each function in a fresh process, against `import boto3; boto3.client("s3")`.

As in Lambda: the runtime's own packages are compiled, the function's package (as `sam build` left it) is not and stays
so, and the layer lies beside it. The programs take turns, so that a drift of the machine's speed hits all alike.
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
# What each function makes before its first answer.
STARTS = {
    "SerializeImageFunction": "import functions.serialize_image.app as app; app.s3()",
    "ClassifyImageFunction": "import functions.classify_image.app as app; app.sagemaker_runtime(); app.parameters()",
    "FilterInferencesFunction": "import functions.filter_inferences.app",
}
BUILD = Path(".aws-sam/build")


class NotBuiltError(Exception):
    """There is no package to measure; run `make demo` first, or `sam build` for this machine's architecture."""


def seconds(python: Path, program: str, package: Path | None) -> float:
    """Wall time of one fresh process."""
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
    """Medians and the ratios to the baseline. Raises NotBuiltError."""
    if not BUILD.exists():
        raise NotBuiltError(f"{BUILD} does not exist; run `make demo` first.")
    python = install(data_folder(), say)
    # The runtime's packages are compiled in Lambda too.
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
