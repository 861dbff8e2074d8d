"""Synthetic people: a cohort that anyone can make and without real people.

`people` draws their traits, `head` builds what a scanner sees of them, `portrait` what a camera sees.
`dataset` and `bids_files` write them as a BIDS dataset, by the settings in `cohort_settings`.
"""
