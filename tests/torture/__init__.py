"""Both pools against a peer that breaks everything that HTTP lets it break, on purpose and at random."""
