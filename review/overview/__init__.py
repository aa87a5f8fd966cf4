"""Show what the reviews say about gate, model and reviewers, live or as one file."""
