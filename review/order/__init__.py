"""The order in which people label images: typical, uncertain and different images first."""
