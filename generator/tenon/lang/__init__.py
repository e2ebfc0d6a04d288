"""Target languages: reserved words, casing, spelling of types, escaping. The only way from `Text` to source."""
