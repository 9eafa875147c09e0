"""How each warehouse spells a change."""
