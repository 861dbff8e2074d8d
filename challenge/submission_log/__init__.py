"""The organizer's log of submissions.

`log` is an append-only chain of what arrived and what became of it, `head` its length, `lost_lines` the way
on where it lost some. `evidence` compares entries with it. `admission` admits a submission within the limits
of its team, whose it is by its `tokens`. `budget` counts what answers to all teams give away of the key.
`ladder` reports a score only where it improved by more than chance.
"""
