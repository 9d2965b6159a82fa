"""The graph of judges: segment, plan, judge, reflect, verdict."""
