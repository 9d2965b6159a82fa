"""What tells a cut from what looks like one: signals, comparisons, and the model that weighs them."""
