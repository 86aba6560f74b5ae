"""Pure decisions: values in, values out, no Django and no I/O."""
