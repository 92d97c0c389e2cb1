"""What is due, is anyone slipping, and how did each expected measurement end?"""
