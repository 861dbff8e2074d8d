"""The risk of one release: what recipients find in defaced scans, beyond what attacks find by chance.

`assessment` asks everything and returns one value; `risk_document`, `risk_page` and `risk_pdf` show it.
"""
