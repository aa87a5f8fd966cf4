"""Present the result of a soak to people and to programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from cli.outcomes import OUTCOMES
from localcloud.faults.kinds import KINDS
from tests.soak.accounting import Violation
from tests.soak.deliveries import DeliveryVerdict
from untrusted.console import Console

SHOWN = 20  # violations on the terminal; the JSON has all


@dataclass
class Verdict:
    """The result of a soak.

    Args:
        seed: The seed of uploads and faults.
        uploads: The number of uploads that S3 confirmed.
        faults: The number of injected faults, by kind.
        before_repair: Uploads by outcome after the faults; OPEN and LOST have no outcome.
        outcomes: The same after the repair.
        announcements: Received events; every upload has at least one.
        executions: The number of executions before the repair, by status.
        violations: The differences.
        seconds: The duration of each part.
        images_per_second: Uploads decided, by the time from the first upload to rest.
        good_p99_ms: Milliseconds within which 99 of 100 workflows for labelled images ended.
        deliveries: The result of repeated deliveries, if requested.
        peak_memory_mb: Peak resident memory of the local cloud, in MB of 10^6 bytes, if known.
    """

    seed: int
    uploads: int
    faults: Mapping[str, int]
    before_repair: Mapping[str, int]
    outcomes: Mapping[str, int]
    announcements: int
    executions: Mapping[str, int]
    violations: list[Violation]
    seconds: Mapping[str, float]
    images_per_second: float
    good_p99_ms: float
    deliveries: DeliveryVerdict | None = None
    peak_memory_mb: float | None = None

    @property
    def reconciled(self) -> bool:
        """Return whether every upload has exactly one outcome, and everything agrees with it."""
        whole = self.uploads == sum(self.outcomes[outcome] for outcome in OUTCOMES)
        return whole and not self.violations and (self.deliveries is None or self.deliveries.holds)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        document = {"reconciled": self.reconciled, **asdict(self)}
        document["violations"] = [violation._asdict() for violation in self.violations]
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def show(self, console: Console) -> None:
        """Print it."""
        console.print(self._fault_table())
        console.print(self._account_table())
        memory = (
            f", at most {self.peak_memory_mb:.0f} MB in the local cloud"
            if self.peak_memory_mb
            else ""
        )
        console.print(
            f"seed {self.seed}: {self.images_per_second:.1f} images/s{memory}; {self._times()}"
        )
        console.print(f"99 of 100 good images were decided within {self.good_p99_ms:.0f} ms.")
        if self.deliveries:
            console.print(str(self.deliveries), *self.deliveries.wrong, sep="\n", soft_wrap=True)
        for violation in self.violations[:SHOWN]:
            console.print(f"{violation.check}: {violation.image} {violation.wrong}", soft_wrap=True)
        if len(self.violations) > SHOWN:
            console.print(f"and {len(self.violations) - SHOWN} more")
        console.print(
            "Reconciliation succeeds." if self.reconciled else "RECONCILIATION FAILS.",
            style="bold",
        )

    def _fault_table(self) -> Table:
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("fault", no_wrap=True)
        table.add_column("injected", no_wrap=True, justify="right")
        table.add_column("effect")
        for kind, count in sorted(self.faults.items(), key=lambda item: -item[1]):
            table.add_row(kind, f"{count:,}", KINDS[kind])
        table.add_row(
            f"{len(self.faults)} kinds", f"{sum(self.faults.values()):,}", "", style="bold"
        )
        return table

    def _account_table(self) -> Table:
        table = Table("", "uploads", *self.before_repair, box=box.SIMPLE_HEAD)
        for name, counts in (("faults over", self.before_repair), ("repaired", self.outcomes)):
            cells = [counts.get(outcome, 0) for outcome in self.before_repair]
            table.add_row(name, f"{self.uploads:,}", *(f"{count:,}" for count in cells))
        return table

    def _times(self) -> str:
        return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
