"""The nouns of the OCI specifications. Values and parsing only, no I/O."""
