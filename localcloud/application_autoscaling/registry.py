"""Store scalable targets and scaling policies, in memory and in a JSON file for each region."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.api.state_files import UnreadableStateError, write_json
from localcloud.sagemaker.api.store import Record


@dataclass
class Registered:
    """The targets of one region, by resource id, and their policies.

    Records hold the members that the API describes.
    """

    targets: dict[str, Record] = field(default_factory=dict)
    policies: list[Record] = field(default_factory=list)

    def remove_target(self, resource_id: str) -> None:
        """Delete a target and its policies, as AWS does."""
        del self.targets[resource_id]
        self.policies = [policy for policy in self.policies if policy["ResourceId"] != resource_id]


class ScalingRegistry:
    """The scalable targets and scaling policies of all regions.

    Raises:
        UnreadableStateError: a state file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._regions = {path.stem: _read(path) for path in folder.glob("*.json")}

    def region(self, name: str) -> Registered:
        """Return the entries of a region; a caller that changes them saves them."""
        return self._regions.setdefault(name, Registered())

    def save(self, region: str) -> None:
        """Write the entries of a region to its file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_json(self._folder / f"{region}.json", vars(self.region(region)))

    def variants(self, region: str, endpoint: str) -> set[str]:
        """Return the variants of an endpoint that are scalable targets."""
        prefix = f"endpoint/{endpoint}/variant/"
        return {
            target.removeprefix(prefix)
            for target in self.region(region).targets
            if target.startswith(prefix)
        }

    def deregister(self, region: str, endpoint: str) -> None:
        """Deregister all variants of an endpoint, as AWS does when it deletes the endpoint."""
        for variant in self.variants(region, endpoint):
            self.region(region).remove_target(f"endpoint/{endpoint}/variant/{variant}")
            self.save(region)


def _read(path: Path) -> Registered:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Registered(**state)
    except (ValueError, TypeError) as exc:
        raise UnreadableStateError(
            f"{path} is damaged. Delete the file, then register the targets again."
        ) from exc
