"""Camera motion: the camera's path from tracked points, and the moves that a path is made of."""
