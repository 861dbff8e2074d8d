"""Traits of synthetic people.

`person` draws sex, age, ancestry and shape from a seed, `traits` and `looks` what follows from them. `day`
draws what differs between two photographs.
"""
