"""Did it help, did it harm?  Readings of the record, and no tables."""
