"""Readers, one folder a contract kind; the folder is the registry.

A reader module has `read(tree: Tree) -> tuple[part, list[Finding]]`. It never raises on a bad contract.
"""
