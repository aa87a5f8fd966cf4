"""The resources that a request is authorized on."""

from collections.abc import Mapping
from typing import Any

from localcloud.sagemaker.api.store import KINDS, RecordStore


def resource_arns(store: RecordStore, request: Mapping[str, Any]) -> list[str]:
    """Return the ARNs that a control plane request is authorized on: every resource that it names, `*` if none.

    CreateEndpoint and UpdateEndpoint name two (an endpoint and its configuration), and AWS asks for both.
    """
    named = [
        store.arn(kind, str(request[f"{kind.name}Name"]))
        for kind in KINDS
        if f"{kind.name}Name" in request
    ]
    pointed_at = ("ResourceArn", *(f"{kind.name}Arn" for kind in KINDS))
    return named + [str(request[member]) for member in pointed_at if member in request] or ["*"]
