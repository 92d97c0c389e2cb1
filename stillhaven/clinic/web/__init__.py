"""Settings, addresses, errors, base templates and static files of the whole clinic."""
