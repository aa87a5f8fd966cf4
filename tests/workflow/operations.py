"""`python -m operations`, as people run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from localcloud.server.cloud import Cloud

ROOT = Path(__file__).parents[2]


class Operations:
    """The commands, against a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._environment = dict(cloud.environment)

    def __call__(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        command = [sys.executable, "-m", "operations", *arguments, "--json"]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert status == ended.returncode, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer
