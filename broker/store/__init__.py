"""The state store on SQLAlchemy Core."""
