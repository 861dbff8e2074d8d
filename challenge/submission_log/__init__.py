"""The organizer's log of submissions.

`log` is an append-only chain of what arrived and what became of it. `admission` admits a submission within
the limits of its team. `ladder` reports a score only where it improved by more than chance.
"""
