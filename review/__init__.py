"""The review page: people label the images that wait, and each answer is kept as an item of its own."""
