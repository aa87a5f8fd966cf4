"""Filter, sort and page the results of List operations."""

from typing import Any

from localcloud.api.pages import cut_page
from localcloud.sagemaker.api.store import Kind, Record

# SageMaker's default for every List operation.
_PAGE_SIZE = 10


def list_page(kind: Kind, records: list[Record], request: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a List operation: the resources and, if more follow, `NextToken`.

    Raises:
        InvalidRequestError: an earlier page did not return the token.
    """
    named = {
        "Name": f"{kind.name}Name",
        "Status": f"{kind.name}Status",
        "CreationTime": "CreationTime",
    }
    found = [
        record
        for record in records
        if _wanted(record, request, record[named["Name"]], named["Status"])
    ]
    sort_by = named[request.get("SortBy", kind.sort_by)]
    found.sort(
        key=lambda record: record[sort_by],
        reverse=request.get("SortOrder", kind.sort_order) == "Descending",
    )

    return cut_page(kind.listed, found, request, _PAGE_SIZE)


def _wanted(record: Record, request: dict[str, Any], name: str, status: str) -> bool:
    return (
        request.get("NameContains", "").lower() in name.lower()
        and record["CreationTime"] >= request.get("CreationTimeAfter", 0)
        and record["CreationTime"] <= request.get("CreationTimeBefore", float("inf"))
        and record["LastModifiedTime"] >= request.get("LastModifiedTimeAfter", 0)
        and record["LastModifiedTime"] <= request.get("LastModifiedTimeBefore", float("inf"))
        and request.get("StatusEquals") in (None, record.get(status))
    )
