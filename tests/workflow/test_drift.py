"""`python -m training monitor` on what the deployed service has decided."""

import json
import subprocess
import sys

from local.server.cloud import Cloud
from tests.workflow.conftest import Demo

CAR_PHOTOS_AND_THE_LIKE = 200  # that the demo has uploaded; a third of the held-out images are counter-examples


def test_monitor_tells_uploads_of_another_class_mix_from_the_held_out_images(cloud: Cloud, demo: Demo) -> None:
    command = [sys.executable, "-m", "training", "monitor", "--runs", str(demo.runs)]
    ended = subprocess.run(command, env=cloud.environment, capture_output=True, text=True, check=False)
    assert (1, True) == (ended.returncode, "class shares (p = " in ended.stderr), ended.stderr
    [data] = demo.runs.glob("*/*/drift.json")
    found = json.loads(data.read_text(encoding="utf-8"))
    assert found["records"] >= CAR_PHOTOS_AND_THE_LIKE
    assert "class shares" in found["drifted"]
    assert "class shares" in data.with_suffix(".html").read_text(encoding="utf-8")
