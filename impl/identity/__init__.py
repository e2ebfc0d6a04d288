"""The implementation of identity."""
