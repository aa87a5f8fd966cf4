"""What the product does, to try and to read: the demo, the notebook and the photos."""
