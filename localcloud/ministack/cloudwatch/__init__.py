"""Patch MiniStack's CloudWatch: metrics, alarms and dashboards."""
