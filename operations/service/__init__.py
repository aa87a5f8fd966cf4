"""The deployed service: images, records, executions, failures, backlogs, and their price."""
