"""What Amazon Redshift asks differently: its system views, its sessions, its way to drop a user."""
