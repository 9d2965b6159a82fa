"""What tools are asked and what they answer, where several files need it."""
