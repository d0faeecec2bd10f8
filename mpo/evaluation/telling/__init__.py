"""The report as Markdown and as a page, prose whose numbers are looked up, the README's part."""
