"""Which questions were asked, and what was answered?"""
