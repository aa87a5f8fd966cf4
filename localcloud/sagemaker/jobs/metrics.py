"""Find the metrics of a training job in its log, by the algorithm's metric definitions."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from localcloud.sagemaker.api.store import Record, timestamp


@dataclass
class MetricScraper:
    """The metrics in log lines: all values, and the last one as SageMaker has it
    (FinalMetricDataList).
    """

    definitions: Iterable[Mapping[str, str]]
    final: dict[str, Record] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)

    def scrape(self, lines: Iterable[str]) -> Iterator[Record]:
        """Yield the metrics of lines: MetricName, Value, and Timestamp in seconds since 1970."""
        for line in lines:
            for definition in self.definitions:
                found = re.search(definition["Regex"], line)
                with suppress(
                    ValueError,
                    IndexError,
                    # A match that is not a number, or has no group, is not a metric.
                ):
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
