"""List operations: filtered, sorted, and a page at a time."""

from typing import Any

from local.sagemaker.protocol import InvalidRequestError
from local.sagemaker.store import Kind, Record

# SageMaker's default for every List operation.
_PAGE_SIZE = 10


def list_page(kind: Kind, records: list[Record], request: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a List operation: `<Kind>s` and, if more follow, `NextToken`.

    Raises:
        InvalidRequestError: the token is not one that an earlier page gave.
    """
    found = [record for record in records if _wanted(record, request, record[f"{kind.name}Name"])]
    named = {"Name": f"{kind.name}Name", "Status": f"{kind.name}Status"}
    sort_by = named.get(request.get("SortBy", ""), "CreationTime")
    found.sort(key=lambda record: record[sort_by], reverse=request.get("SortOrder", "Descending") == "Descending")
    start, size = _start(request.get("NextToken", "0")), request.get("MaxResults", _PAGE_SIZE)
    page = {f"{kind.name}s": found[start : start + size]}
    return page if start + size >= len(found) else page | {"NextToken": str(start + size)}


def _start(token: str) -> int:
    if not token.isdecimal():
        raise InvalidRequestError("Invalid pagination token.")
    return int(token)


def _wanted(record: Record, request: dict[str, Any], name: str) -> bool:
    return (
        request.get("NameContains", "").lower() in name.lower()
        and record["CreationTime"] >= request.get("CreationTimeAfter", 0)
        and record["CreationTime"] <= request.get("CreationTimeBefore", float("inf"))
        and record["LastModifiedTime"] >= request.get("LastModifiedTimeAfter", 0)
        and record["LastModifiedTime"] <= request.get("LastModifiedTimeBefore", float("inf"))
        and request.get("StatusEquals") in (None, record.get("EndpointStatus"))
    )
