"""CloudWatch and SSM as far as the overview uses them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError


@dataclass
class FakeCloudWatch:
    """CloudWatch with the sums of hours by outcome."""

    sums: Mapping[str, Mapping[datetime, float]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None

    def get_paginator(self, _name: str) -> "FakeCloudWatch":
        return self

    def paginate(self, **request: Any) -> Any:
        self.requests.append(request)
        if self.error:
            raise self.error
        for query in request["MetricDataQueries"]:
            [dimension] = query["MetricStat"]["Metric"]["Dimensions"]
            sums = self.sums.get(dimension["Value"], {})
            result = {"Id": query["Id"], "Timestamps": [*sums], "Values": [*sums.values()]}
            yield {"MetricDataResults": [result]}


@dataclass
class FakeSsm:
    """SSM with one model card, or an error."""

    card: Mapping[str, Any] | None = None
    error: Exception | None = None

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if self.error:
            raise self.error
        if self.card is None or Name != "/scones-unlimited/endpoints/served":
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": json.dumps(self.card)}}
