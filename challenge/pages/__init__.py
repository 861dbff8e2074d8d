"""What the report of a submission and the site share: figures as SVG, tables and pages as HTML."""
