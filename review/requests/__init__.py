"""Requests of the review page: who may send them, and what they must hold."""
