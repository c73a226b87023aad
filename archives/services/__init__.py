"""What the Archive agent does."""
