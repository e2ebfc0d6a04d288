"""Edits of contract files in place: what people wrote (comments, order, spelling, spacing) stays as it is.

Text is inserted at positions that the compiler and the parser give, instead of writing the parsed document anew:
it needs no guess at a file's indentation and quoting, and a diff shows what was added and nothing else. Nothing here
writes to disk: a `Workspace` collects the new texts, its caller checks them as a whole and then writes them.
"""
