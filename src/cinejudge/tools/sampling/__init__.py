"""Which parts of a clip a tool looks at or listens to."""
