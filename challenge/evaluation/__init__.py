"""From an accepted submission and the sealed key to an entry.

`evaluator.evaluate` is the way in; `context` holds what it needs. Defacing systems pass the `brain_gate`, meet
every attacker (`defacing`), whose figures count only after their `audit`, and are measured for `utility`.
`metrics` makes figures with intervals and signatures; `entry` is the file that comes out.
"""
