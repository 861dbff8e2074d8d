"""What submissions of tests say about themselves."""

from mriprivacy.challenge.edition.public import Edition


def about(edition: Edition, track: str) -> dict[str, str]:
    """Return the words of a good `submission.json`."""
    return {
        "edition": edition.name,
        "track": track,
        "team": "team",
        "system": "system-1.0",
        "description": "What it does, in a line.",
        "contact": "team@example.org",
        "licence": "MIT",
    }
