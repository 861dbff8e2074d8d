"""Entries: what an evaluation says of one system, and what boards are made of.

`entry` holds the values, `attacker` is the identity of what made them. `entry_file` reads and writes
`entries/EDITION/TEAM__SYSTEM.json`. `entry_rules` says what may stand in each field; every problem of a file
is one line.
"""
