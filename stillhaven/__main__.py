"""`python -m stillhaven` is the same as `stillhaven`."""

from stillhaven.cli import main

main()
