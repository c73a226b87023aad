"""The Graph API: who may call it, which node and edge is meant, and what each one does."""
