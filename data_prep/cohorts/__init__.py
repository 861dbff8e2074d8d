"""Cohorts: people with scans, photographs and attributes, found in datasets.

`bids` reads a BIDS dataset and `ixi` turns the IXI download into one. `cohort_files` says where photographs
and scans are looked for. `distractors` are photographs of other people.
"""
