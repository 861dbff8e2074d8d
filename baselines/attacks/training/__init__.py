"""Attackers that are trained: how features of probes and references are made comparable on other people.

`adapted` needs dev without its key, `informed` needs the key. `fusion` joins several attacks into one;
`standardize` brings features to one scale.
"""
