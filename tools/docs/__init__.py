"""Do the docs say what is true?  `python -m tools.docs` writes the generated pages; `--check` says what is stale or dead."""
