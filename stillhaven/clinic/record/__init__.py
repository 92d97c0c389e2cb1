"""The record: entries that are inserted once and never touched again, chained by hashes, and who looked at them."""
