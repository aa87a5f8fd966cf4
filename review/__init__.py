"""Provide the review page, on which people label waiting images; store each answer separately."""
