"""The warehouse access broker: sign in once, get a temporary database login with just your rights."""
