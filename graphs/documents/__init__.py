"""Documents: Markdown as blocks, files read into text and tables, files written. Libraries are imported where they work."""
