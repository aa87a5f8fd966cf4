"""Run the review loop on a laptop: simulated reviewers label, and the next model learns."""
