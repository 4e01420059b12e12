"""What Slicer's command line modules do."""
