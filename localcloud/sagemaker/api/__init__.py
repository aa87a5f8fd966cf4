"""Implement what control planes share: records, pages, tags and the check of emulated members."""
