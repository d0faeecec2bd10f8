"""Figures that a reader of the page can look into, drawn by Bokeh from the figures' own CSV files.

A module of `figures` that says what its columns are, as `LIVE = Curves(...)`, `Points(...)`,
`Rungs(...)` or `Sweeps(...)` (`live.specs`), is interactive in the page; `figures/<name>.csv` holds
its numbers.
Nothing else is asked of it. `live.panels` draws such panels, `live.document` puts them into a page.
"""
