"""How conversations are asked for and shown.

The views are in ``messaging.api``, because a conversation is shown with its
messaging window, and that is the Message agent's knowledge.
"""
