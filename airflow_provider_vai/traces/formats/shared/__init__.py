"""What several formats share: content blocks, conversations."""
