"""Metrics that a training job writes into its log, found by the algorithm's metric definitions."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from localcloud.sagemaker.api.store import Record, timestamp


@dataclass
class MetricScraper:
    """Finds metrics in log lines, and remembers the last of each as SageMaker does (FinalMetricDataList), and all."""

    definitions: Iterable[Mapping[str, str]]
    final: dict[str, Record] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)

    def scrape(self, lines: Iterable[str]) -> Iterator[Record]:
        """Yield what the lines tell: MetricName, Value and Timestamp, now in seconds since the epoch."""
        for line in lines:
            for definition in self.definitions:
                found = re.search(definition["Regex"], line)
                with suppress(
                    ValueError, IndexError
                ):  # what is no number, or has no group, is no metric
                    value = float(found[1]) if found else math.nan
                    if math.isfinite(value):
                        metric = {
                            "MetricName": definition["Name"],
                            "Value": value,
                            "Timestamp": timestamp(),
                        }
                        self.final[definition["Name"]] = metric
                        self.history.setdefault(definition["Name"], []).append(value)
                        yield metric
