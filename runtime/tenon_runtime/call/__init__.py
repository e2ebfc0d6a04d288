"""The path of one call: middleware folded once per operation, the same for RPC, REST and events."""
