"""The patient's own pages: visits in plain words, and who looked."""
