"""The risk of one release: what recipients find in defaced scans, beyond what attacks find by chance.

`assessment` asks everything and returns one value; `report` shows it. `shared_counts` is what leaves a
hospital, and `pooled` joins it with that of others.
"""
