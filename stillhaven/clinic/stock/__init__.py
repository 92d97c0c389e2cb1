"""Where is every milligram?"""
