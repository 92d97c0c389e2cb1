"""Orders: a protocol fitted to a person, signed."""
