"""The numbers, each with its source: reviewed TOML files and the one door that reads them (`load.current`)."""
