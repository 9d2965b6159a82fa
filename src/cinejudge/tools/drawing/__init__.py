"""Drawing results into pictures for people and models to see."""
