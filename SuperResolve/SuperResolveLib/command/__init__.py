"""The command ``slice-profile-sr``, a file a subcommand."""
