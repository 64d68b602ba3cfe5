"""From votes to probabilities. Read `label_model` first, then `generative` (the model), `choosing`, `dependence`, `packed`."""
