"""Emitters, one folder an artefact; the folder is the registry.

An emitter package has `emit(model: Model) -> Iterator[File]`. It touches no disk.
"""
