"""The report of one submission, for its organizer."""
