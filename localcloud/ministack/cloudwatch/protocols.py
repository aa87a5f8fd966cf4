"""Answer CloudWatch's clients in their protocol: CBOR, JSON or the query protocol."""

from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.refusals import Answer, RefusedError


def error_answer(
    refused: RefusedError, _params: Any, _data: Any, is_cbor: bool, is_json: bool = False
) -> Answer:
    """Return the error in the protocol of the request."""
    answer: Answer = cloudwatch._error(
        refused.rule.code,
        refused.message,
        refused.rule.status,
        use_json=is_json,
        use_cbor=is_cbor,
    )
    return answer
