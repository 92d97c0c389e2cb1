"""Words of this room's pages."""
