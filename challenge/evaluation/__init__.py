"""From an accepted submission and the sealed key to an entry.

`evaluator.evaluate` is the way in; `context` holds what it needs and what it returns. A defacing system
passes the `checks`, the brain gate among them, and meets every attacker (`defacing`).
`utility` is what the brain image lost. `metrics` makes figures with intervals and signatures.
"""
