"""The table of claims: its rows as text, its files, the section of the report."""
