"""Plots of reports and of the site, as SVG without a script.

`plot` draws axes, points and lines. `forest`, `rank_stability` and `privacy_utility` are plots of a board,
`report_plots` those of one system. `contact_sheet` puts pictures of scans side by side.
"""
