"""Running stillhaven: embedded PostgreSQL, the data folder, supervised processes, TLS, backup.  No Django."""
