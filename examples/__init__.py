"""Show the product by example: the demo, the notebook and the photos."""
