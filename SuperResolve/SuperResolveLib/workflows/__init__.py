"""The tasks that a user asks for, each from volumes to a result and its report."""
