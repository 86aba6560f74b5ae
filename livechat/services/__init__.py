"""Every write, one module per noun: gather, decide, apply, announce after the commit."""
