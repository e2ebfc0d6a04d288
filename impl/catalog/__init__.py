"""The implementation of catalog."""
