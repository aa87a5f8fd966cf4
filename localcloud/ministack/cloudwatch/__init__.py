"""Patches of MiniStack's CloudWatch: metrics and alarms."""
