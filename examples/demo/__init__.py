"""Run the main job on a laptop: train, deploy, upload images, and show the decisions as a page."""
