"""Lambda function filter_inferences: accept a prediction, or leave it for review."""

import os
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from observability.failure_log import function_logger, log_failure
from observability.xray_provider import lambda_tracer

from functions.filter_inferences.audit import Audit, draw
from functions.filter_inferences.decision import Decision, decide

logger = function_logger()
tracer = lambda_tracer()
metrics = Metrics()


def filtered(decision: Decision, audit: Audit) -> dict[str, Any]:
    """Build the answer: the prediction, the decision about its confidence, and the audit draw."""
    for_review = None if decision.passed else "REVIEW"
    return {
        "status": "PASS" if decision.passed else "REJECT",
        "classification": decision.classification,
        "confidence_score": decision.confidence,
        "passed_threshold": decision.passed,
        "audit": asdict(audit),
        "waits_for": "AUDIT" if audit.drawn else for_review,
    }


@logger.inject_lambda_context(correlation_id_path="execution", clear_state=True, log_event=False)
@log_failure(logger)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer the event that `decide` describes.

    The name of an error's class is the error's name in the workflow definition.
    """
    metrics.add_metric(name="FilterRequests", unit=MetricUnit.Count, value=1)
    decision = decide(event)
    metrics.add_metric(
        name="Retries", unit=MetricUnit.Count, value=int(event.get("retry_count", 0) > 0)
    )
    metrics.add_dimensions(classification=decision.classification)
    metrics.add_metric(name="Confidence", unit=MetricUnit.NoUnit, value=decision.confidence)
    audit = draw(event, os.environ["AUDIT_SHARE"], os.environ["AUDIT_SALT"])
    answer = filtered(decision, audit)
    logger.info("Inference filtered", **answer)
    return answer
