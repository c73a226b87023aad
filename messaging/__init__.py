"""Message agent: messages and what became of them, ingest, dispatch, media, the messaging window."""
