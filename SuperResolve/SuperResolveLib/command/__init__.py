"""The command ``slice-profile-sr``, with a file for each subcommand."""
