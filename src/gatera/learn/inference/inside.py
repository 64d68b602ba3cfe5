"""The learner's methods that show what a network has learned. Their code is in `interpret`, which is imported at first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import nn

from gatera.core.lazy import later

ROOM = "gatera.interpret"


class SeesInside:
    """What `Learner` offers to look inside its network. Every result has `plot()` and `save(path)`."""

    def units(
        self, layer: str | nn.Module, channels: int | Sequence[int] = 16, k: int = 9, dl: Any = None,
        rule: Literal["deconvnet", "guided"] | None = None,
    ) -> Any:  # fmt: skip
        """Show what units of a layer respond to: the strongest patches, and beside each what in it excites the unit.

        For each channel the `k` patches of the validation set with its largest activations, at most one from a photo, and
        each one's deconvnet projection back to pixels. One pass over the data set; of each channel only `k` numbers are kept.

        Args:
            layer: a layer's name such as "blocks.3", or the module; `named_layers(learn.model)` lists them.
            channels: how many channels, taken evenly from those that ever answer; or their numbers.
            k: patches for each channel.
            dl: another loader, e.g. `learn.dls.test_dl(files)`.
            rule: "deconvnet", or "guided" for guided backpropagation; None for what suits the network: a deconvnet needs the
                switches of max pooling, which networks with strides have not.

        Returns:
            `Units`: patches, projections, activations and items, with `plot()`.

        Raises:
            ArgumentError: if there is no such layer (the nearest name is suggested), it gives no maps, or a layer before it
                cannot be projected back through (attention), with the reason.
            DataError: if there is no validation set, or inputs are not images.

        Source: Zeiler and Fergus 2014 (arXiv 1311.2901), figure 2.
        """
        return later(f"{ROOM}.units.units", "units")(self, layer, channels, k, dl, rule)

    def occlusion(
        self, item: Any, label: Any = None, patch: int = 32, stride: int = 16, fill: float = 0.5,
        layer: str | nn.Module | None = None,
    ) -> Any:  # fmt: skip
        """Hide one square of a photo at a time, and see how the prediction changes.

        Args:
            item: a raw photo or recording, or the number of an item of the validation set, whose label is then watched.
            label: the class to watch, e.g. the true one; None for the predicted one.
            patch: side of the square, in pixels as the model sees them.
            stride: distance between neighbouring squares (pixels).
            fill: grey of the square, 0 black to 1 white.
            layer: the layer whose strongest feature map is watched too; None for the last one with feature maps.

        Returns:
            `OcclusionMap`: maps of the class's probability, of the strongest feature map and of the most probable class, with
            `plot()` and `overlay()`.

        Raises:
            ArgumentError: if the photo is smaller than the square, or the label is not known.

        Source: Zeiler and Fergus 2014 (arXiv 1311.2901), figure 6.
        """
        return later(f"{ROOM}.occlusion_of_photos", "occlusion")(
            self, item, label, patch, stride, fill, layer
        )

    def attribution(self, item: Any, method: str | None = None, label: Any = None, **options: Any) -> Any:
        """Show which parts of an item its prediction comes from.

        | input | `method` | result |
        |---|---|---|
        | photo, sound, photo with a mask | "gradcam" (default), "integrated_gradients", "occlusion" | a map |
        | text | "integrated_gradients" (default where there is only a network), "occlusion" | a weight for each word |
        | row of a table | "shapley" | a weight for each column |
        | user and item | "biases" | the parts of the rating |

        Args:
            item: a raw item, or the number of an item of the validation set.
            method: one of those above; None for the default.
            label: the class to explain; None for the predicted one.
            options: `layer` for "gradcam"; `steps` and `baseline` for "integrated_gradients"; `patch`, `stride` and `fill` for
                "occlusion" of photos; `background` and `orders` for "shapley".

        Returns:
            `PhotoAttribution`, `TextAttribution`, `RowAttribution` or `RatingAttribution`, each with `plot()`.

        Raises:
            ArgumentError: if the method does not suit the input, or the label is not known.
        """
        return later(f"{ROOM}.attribution", "attribution")(self, item, method, label, **options)

    def which_layer_knows(self, most: int = 2000, seed: int = 0) -> Any:
        """Fit a linear probe on the output of every stage, to see how much of the answer each depth knows.

        Args:
            most: training items at most; of more, so many are drawn at random.
            seed: keys the draw.

        Returns:
            `Probes`: accuracy with its 95 % interval for each stage, with `table()` and `plot()`.

        Raises:
            DataError: if there is no validation set, or the task is not classification.

        Source: Zeiler and Fergus 2014, table 7; Alain and Bengio 2016 (arXiv 1610.01644).
        """
        return later(f"{ROOM}.knowledge.probes", "which_layer_knows")(self, most, seed)

    def ablate(
        self,
        groups: str | Sequence[str] | None = None,
        how: Literal["both", "removed", "randomised"] = "both",
        seed: int = 0,
    ) -> Any:
        """Measure the model on the validation set with each group of layers removed, and with its weights shuffled.

        "removed" replaces the blocks of a group that keep the shape of their input by the identity, and says where there is
        none. "randomised" shuffles the values inside each of the group's weights. Nothing is trained afterwards, and the
        model is as before at the end.

        Args:
            groups: names of layers; None for every stage.
            how: what to do to them.
            seed: keys the shuffle.

        Returns:
            `Ablations`: the score with its 95 % interval for each, with `table()` and `plot()`.

        Raises:
            ArgumentError: if there is no such layer.
            DataError: if there is no validation set.

        Source: Zeiler and Fergus 2014, table 3 (there the network is trained again).
        """
        return later(f"{ROOM}.knowledge.ablation", "ablate")(self, groups, how, seed)

    def correspondence(
        self, items: Sequence[Any], boxes: Sequence[Any], layer: str | nn.Module | None = None, seed: int = 0
    ) -> Any:
        """Test whether a layer changes in the same way wherever the same part of an object is hidden.

        Args:
            items: photos of objects of one kind, at least two.
            boxes: for each photo the box (left, top, right, bottom) of the part, in the photo's pixels.
            layer: the layer; None for the last one with feature maps.
            seed: keys the random boxes of the same size with which the part is compared.

        Returns:
            `Correspondence`: the mean Hamming distance of the changes' signs for the part and for random boxes; lower means
            that the part is represented alike in all photos.

        Source: Zeiler and Fergus 2014, section 4.3, table 1.
        """
        return later(f"{ROOM}.knowledge.correspondence", "correspondence")(self, items, boxes, layer, seed)

    def picture(self) -> Any:
        """Draw Samuel's loop with this learner's own names, sizes and last numbers.

        Returns:
            `LearnerPicture`, with `plot()`; printing it shows the picture as text.
        """
        return later(f"{ROOM}.picture", "picture")(self)
