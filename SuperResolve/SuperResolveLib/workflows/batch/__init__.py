"""A cohort, unattended: many scans to profiles and volumes, a row each, resumable, on processes or a cluster."""
