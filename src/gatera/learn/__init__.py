"""The half that changes parameters: the loop, what listens to it, and the Learner that owns the parts."""
