"""What has to reach somebody, and did it?"""
