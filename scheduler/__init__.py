"""The centre: decides, never touches pixels."""
