"""All that a workstation imports."""
