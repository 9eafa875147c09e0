"""Configuration: one frozen value, read once."""
