"""The Message agent's part of the API: conversations as they are shown, messages, files."""
