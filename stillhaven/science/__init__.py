"""The rules of stillhaven as pure functions: no files, no clock, no database, no Django.

Whatever a rule needs comes in as an argument, `now` included.  Numbers come from `stillhaven.reference`.
"""
