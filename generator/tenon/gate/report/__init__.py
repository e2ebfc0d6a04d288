"""Reports, one format to a module with ``render(report) -> str``; all are made from the one `Report`."""
