"""An evaluation container for grand-challenge.

`container` writes its folder, `grand_challenge_run` is what the platform starts. `jobs` reads the platform's
list of predictions. `metaimage` reads the format in which algorithms return scans.
"""
