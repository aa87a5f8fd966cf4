"""Find the resources on which a request is authorized."""

from collections.abc import Mapping
from typing import Any

from localcloud.sagemaker.api.store import KINDS, RecordStore


def resource_arns(store: RecordStore, request: Mapping[str, Any]) -> list[str]:
    """Return the ARNs on which a control plane request is authorized; `*` if it names no resource.

    CreateEndpoint and UpdateEndpoint name two (an endpoint and its configuration); AWS checks both.
    """
    named = [
        store.arn(kind, str(request[f"{kind.name}Name"]))
        for kind in KINDS
        if f"{kind.name}Name" in request
    ]
    pointed_at = ("ResourceArn", *(f"{kind.name}Arn" for kind in KINDS))
    return named + [str(request[member]) for member in pointed_at if member in request] or ["*"]
