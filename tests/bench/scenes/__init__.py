"""What is measured: each scene starts its contenders, measures, and adds its rows."""
