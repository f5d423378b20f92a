"""What this plugin adds to lists, and its own lists."""
