"""Implement AWS's wire protocols for the services of this package."""
