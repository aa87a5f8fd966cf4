"""Executions that the end of the server interrupted start again; MiniStack has them fail, and AWS never stops."""

import logging

from ministack.core.responses import get_region, set_request_region
from ministack.services import stepfunctions

_logger = logging.getLogger(__name__)
# What MiniStack writes, when it reads its state, into the executions that were running when it was written.
INTERRUPTED = "States.ServiceRestart"


def restart_interrupted() -> int:
    """Start what was interrupted again, under its own name and with its own input; return how many there were.

    Recording is conditional, so that an image whose outcome was recorded just before keeps that outcome.
    """
    interrupted = [record for record in stepfunctions._executions.all_values() if record.get("error") == INTERRUPTED]
    before = get_region()
    for record in interrupted:
        set_request_region(record["executionArn"].split(":")[3])
        del stepfunctions._executions[record["executionArn"]]
        request = {"stateMachineArn": record["stateMachineArn"], "name": record["name"], "input": record["input"]}
        if stepfunctions._start_execution(request)[0] != 200:  # its workflow was deleted
            stepfunctions._executions[record["executionArn"]] = record
    set_request_region(before)
    if interrupted:
        _logger.info("%d interrupted executions start again", len(interrupted))
    return len(interrupted)
