"""Run a soak on its own local cloud: deploy the service, then inject faults."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.service import Service
from examples.demo.run import WIDTH, broken_images, console, decide, deploy, test_images
from examples.demo.training_steps import STEPS, run_step
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud, require, running
from localcloud.server.settings import Folder
from tests.soak.deliveries import deliver
from tests.soak.plan import HOSTILE_NAME, RATES
from tests.soak.soak import soak
from tests.soak.verdict import Verdict
from untrusted.console import progress

if TYPE_CHECKING:
    from rich.progress import Progress

# Factor for the waits between retries, which then last up to 1.2 s and not a minute. With 0, a
# lasting fault, such as a busy pool, would use all retries at once.
WAIT_SCALE = 0.02


@dataclass(frozen=True)
class Order:
    """The settings of a soak; see the options of the command."""

    uploads: int
    seed: int
    faults: bool
    deliveries: int
    json: Path | None
    hostile: Path | None = None


def run(order: Order, folder: Path) -> int:
    """Run a soak in a folder, which is removed after success, and return the exit status.

    Raises:
        DemoError: the service cannot be deployed.
        SoakError: the soak cannot be completed.
        StartFailedError: the local cloud does not start.
    """
    shutil.rmtree(folder, ignore_errors=True)
    state = Folder(folder / "cloud")
    with running(state.path, wait_scale=WAIT_SCALE, faults=True) as cloud:
        verdict = _soak(cloud, order, folder)
        verdict.peak_memory_mb = _peak_memory_mb(require(state).pid)
    verdict.show(console)
    if order.json:
        verdict.write(order.json)
    if verdict.reconciled:
        shutil.rmtree(folder)
    else:
        console.print(f"State and log of the local cloud are kept in {folder}.", soft_wrap=True)
    return 0 if verdict.reconciled else 1


def _soak(cloud: Cloud, order: Order, folder: Path) -> Verdict:
    (folder / "logs").mkdir()
    samples = [*test_images(), *broken_images(folder / "broken"), *_hostile_images(order.hostile)]
    have_model_served(cloud, folder)
    with progress(console, width=WIDTH, notes=False) as bars:
        service = deploy(cloud, folder, bars)
        reference = _reference(cloud, service, samples, bars)
        bar = bars.add_task(
            f"Upload, {'and everything goes wrong' if order.faults else 'without faults'}",
            total=order.uploads,
        )
        rates = RATES if order.faults else {}
        verdict = soak(
            cloud,
            service,
            samples,
            reference,
            order.uploads,
            order.seed,
            rates,
            lambda: bars.advance(bar),
        )
        if order.deliveries:
            sound = [sample for sample in samples if sample.label]
            verdict.deliveries = deliver(cloud, service, sound, order.deliveries, order.seed)
    return verdict


def _hostile_images(folder: Path | None) -> list[Sample]:
    """Return the files of a folder as samples without a label."""
    files = sorted(folder.iterdir()) if folder else []
    return [Sample(file, f"{HOSTILE_NAME}-{file.name}", None) for file in files]


def have_model_served(cloud: Cloud, folder: Path) -> None:
    """Stage, train and deploy as the demo does, without measuring.

    Raises:
        TrainingStepError: a step failed.
    """
    for step in STEPS:
        if step[0] not in ("threshold", "evaluate"):
            run_step(cloud.environment, folder / "runs", *step)


def _reference(
    cloud: Cloud, service: Service, samples: Sequence[Sample], bars: "Progress"
) -> Mapping[str, Mapping[str, Any]]:
    """Classify every sample without faults; return results by the samples' names."""
    decisions = decide(cloud, service, list(samples), bars)
    uploads = f"s3://{service.image_bucket}/uploads/"
    return {
        decision.upload.image_url.removeprefix(uploads): decision.output for decision in decisions
    }


def _peak_memory_mb(pid: int) -> float:
    """Return the peak resident memory of a process, in MB of 10^6 bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    [kibibytes] = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) * 1024 / 1e6
