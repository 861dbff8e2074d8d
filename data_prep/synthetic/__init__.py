"""Synthetic people: a cohort that anybody can make and nobody is in.

`people` draws who they are, `head` builds what a scanner sees of them, `portrait` what a camera sees.
`dataset` and `bids_files` write them as a BIDS dataset, by the settings in `cohort_settings`.
"""
