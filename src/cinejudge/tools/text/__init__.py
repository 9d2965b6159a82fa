"""Words that are read or heard: which frames are read, lines over time, distance from what they should be."""
