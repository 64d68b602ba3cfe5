"""The Learner: what a user holds. Training comes from `Trainer`; here is what one does with the trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.loading.loaders import DataLoader
from gatera.data.loading.show_batch import show_items
from gatera.kernels.folding import folded_copy
from gatera.learn import checkpoint, inference
from gatera.learn.export.program import ExportOptions, export_program
from gatera.learn.fit import kernels
from gatera.learn.optimizer import (
    load_named_state,
    named_state,
)
from gatera.learn.score import Score
from gatera.learn.trainer import Trainer
from gatera.models.summary import Summary, model_summary
from gatera.program.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Learner(Trainer):
    """Data, a model, a loss and an optimizer, and a method for each thing one does with them.

    Train with `fine_tune`, `fit_one_cycle`, `fit` (all in `Trainer`, where the arguments of the constructor are
    described too); look with `validate`, `get_preds`, `show_results`; use with `predict`; take away with `export`.
    """

    _prediction_copy: tuple[tuple[Any, ...], nn.Module] | None = None

    # -- using ------------------------------------------------------------------------------------------------------

    def loader(self, ds_idx: int = 1, dl: Any = None) -> Any:
        """Return `dl`, or the training (0) or validation (1) data in dataset order, whole and without augmentation."""
        if dl is not None:
            return dl
        found = self.dls[ds_idx]
        if found is None:
            raise DataError(f"there is no data set number {ds_idx}", expected="0 (training), 1 (validation)")
        return found.for_evaluation() if isinstance(found, DataLoader) else found

    def get_preds(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        with_input: bool = False,
        with_decoded: bool = False,
        with_loss: bool = False,
    ) -> tuple[Tensor | None, ...]:
        """Predict a whole data set.

        Args:
            ds_idx: 0 for training, 1 for validation data.
            dl: any loader or list of batches instead, e.g. `learn.dls.test_dl(files)`.
            with_input: also return the inputs (they may be large).
            with_decoded: also return what the predictions mean (class indices, masks, values).
            with_loss: also return each item's loss.

        Returns:
            (inputs?, predictions, labels, decoded?, losses?). Predictions have gone through the loss's activation:
            probabilities float32 [N,K] for classes. Labels are None for unlabelled items.
        """
        outputs, labels, inputs = self._predict(self.loader(ds_idx, dl), with_input)
        predictions = self.loss_func.activation(outputs)
        found: list[Tensor | None] = [inputs] if with_input else []
        found += [predictions, labels]
        if with_decoded:
            found.append(self.loss_func.decodes(predictions))
        if with_loss:
            found.append(None if labels is None else self.loss_func.per_item(outputs, labels))
        return tuple(found)

    def _predict(self, batches: Any, with_input: bool = False) -> tuple[Tensor, Tensor | None, Any]:
        quiet = not self.display.bar_on
        with kernels(self, self.model):
            return inference.predict_batches(self.model, batches, self.arithmetic, quiet, with_input)

    def _probabilities(self, batches: Any) -> tuple[Tensor, Tensor | None]:
        outputs, labels, _ = self._predict(batches)
        return self.loss_func.activation(outputs), labels

    def validate(self, ds_idx: int = 1, dl: Any = None) -> list[float]:
        """Return the loss and each metric over a data set: [loss, *metrics]. The history is left alone.

        Over the validation data they are, to the last bit, what a fit's last epoch said of the same parameters.

        Args:
            ds_idx: 0 for training, 1 for validation data.
            dl: any loader or list of batches instead.

        Raises:
            DataError: if the items have no labels.
        """
        score, batches = Score(self.metrics), self.loader(ds_idx, dl)
        with kernels(self, self.model):
            for batch in inference.run_batches(
                self.model, batches, self.arithmetic, quiet=not self.display.bar_on
            ):
                if batch.labels is None:
                    raise DataError(
                        "these items have no labels to validate against",
                        remedy="Use get_preds, or test_dl(..., with_labels=True).",
                    )
                score.add(self.loss_func, batch.outputs, batch.labels)
        return score.values()

    def predict(self, item: Any) -> Prediction:
        """Predict one raw item, in float32.

        Args:
            item: for photos a path, bytes, PIL image or array.

        Returns:
            `Prediction(label, index, probabilities)`, which unpacks as these three.
        """
        with torch.inference_mode():
            x = self.dls.input_batch(item)
            logits = self._predictor(x)(x)[0].float().cpu().numpy()
        decode = inference.decoder(self.loss_func, self.dls.task, self.dls.vocab)
        return decode(logits, self.dls.placement(item)) if decode.spatial else decode(logits)

    def _predictor(self, x: Any) -> nn.Module:
        """Return a copy of the model that is made for predictions, anew whenever a parameter has changed."""
        tensors = (*self.model.parameters(), *self.model.buffers())
        shapes = x.shape if isinstance(x, Tensor) else ()
        key = (id(self.model), shapes, *((tensor.data_ptr(), tensor._version) for tensor in tensors))
        if self._prediction_copy is None or self._prediction_copy[0] != key:
            self._prediction_copy = (key, folded_copy(self.model, x))
        return self._prediction_copy[1]

    def tta(
        self, ds_idx: int = 1, dl: Any = None, n: int = 4, beta: float | None = 0.25, use_max: bool = False
    ) -> tuple[Tensor | None, ...]:
        """Test-time augmentation: average predictions over `n` augmented views of each item and the plain one.

        Args:
            ds_idx: 0 for training, 1 for validation data.
            dl: a loader of ours instead.
            n: augmented views.
            beta: weight of the plain prediction, 0..1; None returns (augmented, plain, labels) unmixed.
            use_max: take the largest of all views' probabilities instead of averages.

        Returns:
            (probabilities, labels).
        """
        loader = self.dls[ds_idx] if dl is None else dl
        if not isinstance(loader, DataLoader):
            raise ArgumentError("tta needs a loader that can augment", got=type(loader).__name__)
        if loader.dataset.fields.spatial is not None:
            raise ArgumentError("tta cannot average what lies elsewhere in every view", got=self.dls.task)
        views = torch.stack(
            [self._probabilities(self.dls.train.augmenting(loader.dataset, view))[0] for view in range(n)]
        )  # [n,N,K]
        plain, labels = self._probabilities(loader.for_evaluation())
        if use_max:
            return torch.maximum(views.amax(0), plain), labels
        mean = views.mean(0)
        return (mean, plain, labels) if beta is None else (torch.lerp(mean, plain, beta), labels)

    def show_results(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        max_n: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> Figure | pd.DataFrame:
        """Show items with their labels and predictions.

        Photos predicted wrong are marked; masks stand beside each other, target and prediction; points are drawn on their
        photos; items that are no photos stand in a table.

        Args:
            ds_idx: 0 for training, 1 for validation data.
            dl: a loader of ours instead.
            max_n: how many items, taken evenly from the whole data set.
            nrows: rows of the grid.
            ncols: columns of the grid.
            figsize: width and height in inches.
        """
        loader = self.loader(ds_idx, dl)
        dataset = loader.dataset
        chosen = np.unique(np.linspace(0, len(dataset) - 1, min(max_n, len(dataset))).astype(int))
        if dataset.fields.spatial is not None:
            return self._show_on_photos(
                loader.for_evaluation().batch_of(chosen), dataset.fields.spatial, nrows, ncols, figsize
            )
        items = self.dls.test_dl([dataset.items[i] for i in chosen])
        with self.no_bar():
            outputs, _, inputs = self._predict(items, with_input=True)
        decode = inference.decoder(self.loss_func, self.dls.task, self.dls.vocab)
        answers = [decode(output).label for output in outputs.numpy()]
        if dataset.fields.image is None:
            return show_items(dataset, chosen.tolist(), answers)
        return self.dls.show_results(
            cast(Tensor, inputs), [dataset.label(i) for i in chosen], answers, nrows, ncols, figsize
        )

    def _show_on_photos(
        self,
        batch: Any,
        block: SpatialTarget,
        nrows: int | None,
        ncols: int | None,
        figsize: tuple[float, float] | None,
    ) -> Figure:
        with self.no_bar():
            outputs, targets, inputs = self._predict([batch], with_input=True)
        found = self.loss_func.decodes(self.loss_func.activation(outputs))
        photos = self.dls.train.pictures(inputs)
        if targets is None:
            return block.show_on(photos, found, None, nrows, ncols, figsize)
        return block.show_on(photos, targets, found, nrows, ncols, figsize)

    def summary(self) -> Summary:
        """Return the model's layers with output shapes and parameter counts; printing it shows a table."""
        x = self.dls.one_batch()[0]
        return model_summary(self.model, x[:1] if isinstance(x, Tensor) else tuple(part[:1] for part in x))

    # -- keeping ----------------------------------------------------------------------------------------------------

    def save(self, file: str | Path, with_opt: bool = True) -> Path:
        """Save parameters, and the optimizer's memory unless told not to; returns the path."""
        content: dict[str, Any] = {"model": self.model.state_dict()}
        if with_opt and self.opt is not None:
            content["opt"] = named_state(self.opt, self.model)
        return checkpoint.write(self.model_path(file), content)

    def load(self, file: str | Path, with_opt: bool = True, strict: bool = True) -> Learner:
        """Load what `save` wrote; returns the learner."""
        path = self.model_path(file)
        content = checkpoint.read(path, self.dls.device)
        checkpoint.load_model(self.model, content["model"], path, strict)
        if with_opt and "opt" in content:
            load_named_state(self.create_opt(), self.model, content["opt"])
        return self

    def export(
        self, fname: str | Path = "export.gatera", force: bool = False, options: ExportOptions | None = None
    ) -> Path:
        """Write the trained program: one file that predicts without PyTorch.

        Args:
            fname: the file, below the learner's path unless absolute or with a folder.
            force: overwrite an existing file.
            options: what else goes in; see `ExportOptions`.

        Returns:
            The path of the program.
        """
        path = Path(fname)
        path = self.path / path if path.parent == Path() else path
        return export_program(self, path, force, options or ExportOptions())
