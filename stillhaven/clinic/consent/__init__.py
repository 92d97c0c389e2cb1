"""What was the person told, and what did they agree to?"""
