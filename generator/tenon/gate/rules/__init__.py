"""What is judged, one rule to a folder: its page, its code and its cases together."""
