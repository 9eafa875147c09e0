"""The parts that the main screen is made of: each holds the commands, actions and messages of one matter."""
