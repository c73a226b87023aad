"""What Meta's channels have in common, for their providers to use; itself no provider.

Reading its JSON without trust, calling the Graph API, and turning its errors into outcomes.
"""
