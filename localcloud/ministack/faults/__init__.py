"""Inject faults into MiniStack's services."""
