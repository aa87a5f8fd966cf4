"""Upload thousands of images under faults, then reconcile uploads and records."""
