"""The report of a release's risk, and the one of several hospitals, in HTML, PDF and JSON.

`risk_summary` says it in a few lines, `risk_sections` in full; `risk_page`, `risk_pdf` and `risk_document`
are the three forms. `pooled_page` is the report of counts that hospitals sent.
"""
