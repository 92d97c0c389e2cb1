"""Where people work and the record is kept: Django rooms, each resting only on the rooms below it."""
