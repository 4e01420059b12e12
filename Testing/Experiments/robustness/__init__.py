"""What users' machines do to files and runs: mutated inputs (``fuzz``) and kills (``kill``)."""
