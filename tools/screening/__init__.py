"""The list held here: kept, indexed and compared with names."""
