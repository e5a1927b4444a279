"""What users would write instead: one file each, run as a program. Neither has a policy."""
