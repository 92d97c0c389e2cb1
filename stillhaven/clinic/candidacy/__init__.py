"""What speaks for treatment, what against, and who decided?"""
