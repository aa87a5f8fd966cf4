"""Patch MiniStack's CloudWatch Logs."""
