"""What is generated for the cases is run where it can be imported: by `test_pacts`."""

collect_ignore = ["cases"]
