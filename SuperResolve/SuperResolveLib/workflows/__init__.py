"""What a user asks for, from volume to result and report."""
