"""HTTP: the thin edge, and the only room that knows the web framework."""
