"""Look at a model's predictions, and inside the model: what units respond to, what an answer comes from, which layers matter.

Read `predictions` first: `Interpretation` holds the predictions of a data set. `classification` adds the confusion matrix,
which `plots` draws. For the inside read `layers` (layers by name, stages in order) and `subject` (a model and how an item becomes
its input; of a program: `network_of_program`, with gradients, and `answers_of_program`, by its engine), then `occlusion_of_photos`, `attribution` with `attributions/`, `units/` (deconvnet) and `knowledge/` (probes, ablation,
correspondence). In come a trained learner or a program's network, and items; out go records with a picture (`plot`, `save`).
"""
