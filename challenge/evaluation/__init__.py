"""From an accepted submission and the sealed key to an entry.

`evaluator.evaluate` is the way in; `context` holds what it needs and what it returns. A defacing system
passes the `brain_gate` and meets every attacker (`defacing`); attackers that fail their `audit` do not count.
`utility` is what the brain image lost. `metrics` makes figures with intervals and signatures.
"""
