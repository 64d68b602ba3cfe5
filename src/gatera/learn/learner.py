"""The Learner: what a user holds. `Trainer` does the training; here is everything that uses the trained model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import torch
from torch import Tensor, nn

from gatera.core.errors import DataError
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.list_loader import ListLoader
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.kernels.fast_prediction import folded_copy
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.callbacks.recurrent import fresh_states
from gatera.learn.certainty.fit import Fitted, fit_certainty
from gatera.learn.checkpoints import saved as checkpoint
from gatera.learn.doctor.examine import Diagnosis, examine
from gatera.learn.export.program import ExportOptions, Trained, export_program
from gatera.learn.fit import FitPlan
from gatera.learn.frozen_features import from_kept
from gatera.learn.inference.batches import PredictedBatch, decoder, join_batches, run_batches
from gatera.learn.inference.foreign import understood, warn_of_other_numbers
from gatera.learn.inference.inside import SeesInside
from gatera.learn.inference.model_key import model_key
from gatera.learn.inference.score import Score
from gatera.learn.inference.show import Grid, show_results
from gatera.learn.inference.tta import averaged_over_views
from gatera.learn.optimizer import Adam, OptimizerFactory, load_named_state, named_state
from gatera.learn.options import FIT_DEFAULTS, LEARNER_DEFAULTS, FitArguments, OtherLearnerArguments
from gatera.learn.schedule import flat_cos
from gatera.learn.state import attribute_name
from gatera.learn.trainer import Rates, Trainer
from gatera.models.summary import Summary, model_summary
from gatera.program.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Learner(Trainer, SeesInside):
    """Data, a model, a loss and an optimizer, with a method for each thing to do with them.

    Train with `fine_tune`, `fit_one_cycle` or `fit`; look at results with `validate`, `get_preds`, `show_results`; use the
    model with `predict`; write it to a file with `export`.

    Args:
        dls: the data.
        model: any module that takes a batch's inputs and returns predictions.
        loss_func: a loss of this library, a torch loss, or any function (predictions, labels) -> scalar; by default the
            loss of the data's task.
        opt_func: makes the optimizer: `Adam`, `SGD`, or any torch optimizer class.
        body: the pretrained part of the model, if any; its batch-norm statistics are kept fixed on small data.
        arguments: lr, splitter, cbs, metrics, path, class_weights, options; see `OtherLearnerArguments`.

    Raises:
        ArgumentError: if no loss can be chosen, or an argument is unknown or has the wrong type.
    """

    @spelled_out(OtherLearnerArguments, LEARNER_DEFAULTS)
    def __init__(
        self,
        dls: DataLoaders,
        model: nn.Module,
        loss_func: Callable[..., Any] | None = None,
        opt_func: OptimizerFactory = Adam,
        *,
        body: nn.Module | None = None,
        **arguments: Unpack[OtherLearnerArguments],
    ) -> None:
        super().__init__(dls, model, loss_func, opt_func, body=body, **arguments)
        self._prediction_copy: tuple[tuple[Any, ...], nn.Module] | None = None
        self._fitted: tuple[tuple[Any, ...], Fitted] | None = None

    def __getattr__(self, name: str) -> Any:
        """Return one of the learner's callbacks by its name, e.g. `learn.activation_stats` for an `ActivationStats`."""
        for callback in self.__dict__.get("cbs", ()):
            if attribute_name(type(callback)) == name:
                return callback
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- more training -----------------------------------------------------------------------------------------------

    @spelled_out(FitArguments, FIT_DEFAULTS)
    def fit_flat_cos(
        self, n_epoch: int, lr: Rates | None = None, div_final: float = 1e5, pct_start: float = 0.75,
        **arguments: Unpack[FitArguments],
    ) -> None:  # fmt: skip
        """Train with constant rates, then let them fall by a cosine.

        Args:
            n_epoch: number of epochs, at least 1.
            lr: learning rates; the learner's `lr` by default.
            div_final: the last rate is `lr` / div_final.
            pct_start: fraction of the fit, 0..1, with constant rates.
            arguments: wd, cbs, reset_opt, resume, phase; see `FitArguments`.
        """
        check_arguments(Learner.fit_flat_cos, arguments)
        rates = self._rates(lr)
        self._fit(FitPlan.of(n_epoch, rates, arguments, [flat_cos(rates, div_final, pct_start)]))

    @property
    def dls(self) -> Any:
        """The data; may be assigned other loaders, of larger photos, say."""
        return self._dls

    @dls.setter
    def dls(self, dls: Any) -> None:
        warn_of_other_numbers(getattr(self, "_dls", None), dls)
        self._dls = dls

    # -- using ------------------------------------------------------------------------------------------------------

    def loader(self, ds_idx: int = 1, dl: Any = None) -> Any:
        """Return `dl`, or the training (0) or validation (1) set: all items in dataset order, without augmentation."""
        if isinstance(dl, ListLoader) and dl.length is not None:
            return dl.new(length=None)
        if dl is not None:
            return understood(dl, self.dls.train)
        found = self.dls[ds_idx]
        if found is None:
            name = ("training", "validation", "test")[ds_idx]
            raise DataError(
                f"there is no {name} set: these loaders have none", got=f"ds_idx={ds_idx}",
                remedy="Make the loaders with valid_pct=0.2, or another splitter; or pass dl=learn.dls.test_dl(items, with_labels=True).",
            )  # fmt: skip
        return found.for_evaluation() if isinstance(found, DataLoader | ListLoader) else found

    def get_preds(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        with_input: bool = False,
        with_decoded: bool = False,
        with_loss: bool = False,
        act: Callable[[Tensor], Tensor] | None = None,
    ) -> tuple[Any, ...]:
        """Predict a whole data set. For one too large for memory use `predict_batches`.

        Args:
            ds_idx: 0 for the training set, 1 for the validation set.
            dl: any loader or list of batches instead, e.g. `learn.dls.test_dl(files)`. All items of a loader come, in dataset
                order, without augmentation.
            with_input: also return the inputs (they may be large).
            with_decoded: also return the decoded predictions (class indices, masks, values).
            with_loss: also return each item's loss.
            act: applied to the model's outputs in place of the loss's activation, e.g. `noop` for none.

        Returns:
            (inputs?, predictions, labels, decoded?, losses?). The loss's activation is applied to the predictions:
            probabilities float32 [N,K] for classes. Labels are None for unlabelled items.
        """
        loader = self.loader(ds_idx, dl)
        batches = loader.for_evaluation() if isinstance(loader, DataLoader | ListLoader) else loader
        outputs, labels, inputs = self._predict(batches, with_input)
        predictions = (act or self.loss_func.activation)(outputs)
        found: list[Tensor | None] = [inputs] if with_input else []
        found += [predictions, labels]
        if with_decoded:
            found.append(self.loss_func.decodes(predictions))
        if with_loss:
            found.append(None if labels is None else self.loss_func.per_item(outputs, labels))
        return tuple(found)

    def predict_batches(self, dl: Any) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield (predictions, labels) batch by batch, as `get_preds` returns them for the whole data set.

        Args:
            dl: any loader or list of batches. Its order is kept.
        """
        for batch in self._run(self.loader(dl=dl)):
            yield self.loss_func.activation(batch.outputs), batch.labels

    def _run(self, batches: Any, with_input: bool = False) -> Iterator[PredictedBatch]:
        model: nn.Module = self.model
        kept = None if with_input else from_kept(model, batches, self.arithmetic, self.feature_cache)
        if kept is not None:
            model, batches = kept
        with fresh_states(self.cbs, self.model):
            yield from run_batches(model, batches, self.arithmetic, quiet=not self.display.bar_on)

    def _predict(self, batches: Any, with_input: bool = False) -> tuple[Tensor, Tensor | None, Any]:
        in_order = not (isinstance(batches, DataLoader) and batches.sorts)
        return join_batches(self._run(batches, with_input), in_order, with_input)

    def _probabilities(self, batches: Any) -> tuple[Tensor, Tensor | None]:
        outputs, labels, _ = self._predict(batches)
        return self.loss_func.activation(outputs), labels

    def validate(self, ds_idx: int = 1, dl: Any = None) -> list[float]:
        """Return the loss and each metric over a data set: [loss, *metrics]. The history does not change.

        For the validation set they equal the numbers of a fit's last epoch, to the last bit.

        Args:
            ds_idx: 0 for the training set, 1 for the validation set.
            dl: any loader or list of batches instead.

        Raises:
            DataError: if the items have no labels.
        """
        score = Score(self.metrics)
        for batch in self._run(self.loader(ds_idx, dl)):
            if batch.labels is None:
                raise DataError(
                    "validate needs labels, and these items have none",
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
            x = self.arithmetic.to_device(self.dls.input_batch(item))
            logits = self._predictor(x)(x)[0].float().cpu().numpy()
        decode = decoder(self.loss_func, self.dls.task, self.dls.vocab)
        return decode(logits, self.dls.placement(item)) if decode.spatial else decode(logits)

    def _predictor(self, x: Any) -> nn.Module:
        """Return a copy of the model optimised for prediction; made again when the model has changed."""
        shapes = x.shape if isinstance(x, Tensor) else ()
        key = (shapes, *self._key())
        if self._prediction_copy is None or self._prediction_copy[0] != key:
            self._prediction_copy = (key, folded_copy(self.model, x))
        return self._prediction_copy[1]

    def _key(self) -> tuple[Any, ...]:
        """Return what changes whenever the model, what it computes, or the data does."""
        return (id(self.model), id(self.dls), *model_key(self.model))

    def tta(
        self, ds_idx: int = 1, dl: Any = None, n: int = 4, beta: float | None = 0.25, use_max: bool = False
    ) -> tuple[Tensor | None, ...]:
        """Test-time augmentation: average predictions over `n` augmented views of each item and the plain one.

        Args:
            ds_idx: 0 for the training set, 1 for the validation set.
            dl: a loader of this library instead.
            n: number of augmented views.
            beta: weight of the plain prediction, 0..1; None returns (augmented, plain, labels).
            use_max: use the maximum over all views instead of the average.

        Returns:
            (probabilities, labels).
        """
        loader = self.dls[ds_idx] if dl is None else self.loader(dl=dl)
        return averaged_over_views(self._probabilities, loader, self.dls, n, beta, use_max)

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

        Wrong predictions are marked; target mask and predicted mask are shown side by side; points are drawn on their
        photos; items other than photos are shown in a table.

        Args:
            ds_idx: 0 for the training set, 1 for the validation set.
            dl: a loader of this library instead.
            max_n: number of items, taken evenly from the whole data set.
            nrows: rows of the grid.
            ncols: columns of the grid.
            figsize: width and height in inches.
        """
        with self.no_bar():
            return show_results(
                lambda batches: self._predict(batches, with_input=True),
                self.loss_func, self.dls, self.loader(ds_idx, dl), max_n, Grid(nrows, ncols, figsize),
            )  # fmt: skip

    def doctor(self) -> Diagnosis:
        """Diagnose the training: what went wrong, the evidence, and what to try next; nothing if nothing looks wrong.

        Over- and underfitting, a rate that is too high, dead units, labels that look shuffled, a split that looks wrong,
        too few examples of a class or at all, numbers that are worse than their mean.

        Example:
            print(learn.doctor())
        """
        outputs = targets = None
        if self.dls.valid is not None and self.dls.task == "classification":
            outputs, targets, _ = self._predict(self.loader(1))
        elif self.dls.valid is not None and self.dls.task == "regression":
            outputs, targets = self._probabilities(self.loader(1))
        return examine(self, outputs, targets)

    def summary(self) -> Summary:
        """Return the model's layers with output shapes and parameter counts; printing it shows a table."""
        x = self.arithmetic.to_device(self.dls.one_batch()[0])
        return model_summary(self.model, x[:1] if isinstance(x, Tensor) else tuple(part[:1] for part in x))

    # -- saving -----------------------------------------------------------------------------------------------------

    def save(self, file: str | Path, with_opt: bool = True) -> Path:
        """Save the parameters, and with `with_opt` the optimizer's state; returns the path."""
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
        self,
        fname: str | Path = "export.gatera",
        force: bool = False,
        options: ExportOptions | None = None,
        *,
        embeddings: bool = False,
    ) -> Path:
        """Write the trained model as a program: one file that predicts without PyTorch.

        Args:
            fname: the file; a name without a folder is put into the learner's path.
            force: overwrite an existing file.
            options: what else to write; see `ExportOptions`.
            embeddings: let the program also give what the network makes of an input, `Program.embed`.

        Returns:
            The path of the program.
        """
        path = Path(fname)
        path = self.path / path if path.parent == Path() else path
        options = options or ExportOptions()
        options = replace(options, embeddings=options.embeddings or embeddings)
        trained = self.trained
        if options.certainty:
            trained = replace(trained, fitted=self.calibrate())
        return export_program(trained, path, force, options)

    def calibrate(self, groups: tuple[Sequence[Hashable], str] | None = None) -> Fitted:
        """Calibrate the model's confidence on the validation set; `export` writes the result into the program.

        It is computed in float32, as programs compute, also where the learner trains in bf16: sets and temperatures of other numbers
        would not fit the program's answers. The learner's own probabilities do not change.

        Args:
            groups: the group of each item of the validation set, and what groups them ("patient_id"); each is measured by others.

        Returns:
            What the program will know; `.report`, printed, says it in words. Raises ArgumentError unless each item has a group.
        """
        key = self._key()
        if self._fitted is None or self._fitted[0] != key or groups is not None:
            arithmetic = Arithmetic(self.arithmetic.device, "float32", self.options.fast_kernels)
            found = fit_certainty(
                self.model, self.dls, self.loss_func, arithmetic, not self.display.bar_on, self.feature_cache, groups,
            )  # fmt: skip
            self._fitted = (key, found)
        return self._fitted[1]

    @property
    def trained(self) -> Trained:
        """The model with everything that its program needs.

        Raises:
            ExportError: if a transform that runs at prediction cannot be written into a program.
        """
        dls, rows = self.dls, self.recorder.rows
        return Trained(
            model=self.model, block=dls.train_ds.fields.x, preprocessing=dls.preprocess, inputs=dls.train_ds.inputs,
            normalize=dls.normalize, loss_func=self.loss_func, task=dls.task, vocab=dls.vocab,
            last_epoch=rows[-1] if rows else None, data=str(dls.path), n_train=dls.train.n,
            n_valid=0 if dls.valid is None else dls.valid.n,
        )  # fmt: skip
