"""Patches of MiniStack's CloudWatch Logs."""
