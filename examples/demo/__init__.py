"""The main job on a laptop: a trained endpoint, the deployed service, uploaded images, a page of the decisions."""
