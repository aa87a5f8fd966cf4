"""Reviews of the images that wait in a deployed service: its queue, leases and answers."""
