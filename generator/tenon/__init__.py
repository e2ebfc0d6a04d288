"""The Tenon generator: contracts in, code out."""
