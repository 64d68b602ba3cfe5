"""Photos: ready-made recipes for their data, learners for them, and the face `gatera.vision.all`."""
