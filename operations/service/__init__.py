"""What is deployed: images, records, executions, failures, backlogs, and their price."""
