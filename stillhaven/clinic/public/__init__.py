"""The web site: education, search, self-check, price, directory, enquiries."""
