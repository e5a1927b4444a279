"""How well the matching finds, and how often it alarms in vain: a list, labelled pairs, damage and clean names."""
