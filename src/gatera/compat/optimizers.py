"""`Optimizer` of step functions, `ranger` and the like, for notebooks that build optimizers themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from gatera.learn.optimizer import RAdam

#: Hyperparameters by the names of torch's groups.
_TORCH_NAMES = {"wd": "weight_decay"}


class Optimizer(torch.optim.Optimizer):
    """An optimizer made of functions: each is called for every parameter with its gradient, hyperparameters and state.

    A function `f(p, lr, **state)` may change `p.data`, and may return a dict of state to keep for the parameter.

    Args:
        params: parameters, or torch parameter groups.
        cbs: the functions, in calling order.
        hypers: hyperparameters: `lr`, `mom`, `sqr_mom`, `eps`, `wd` and what the functions take.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> weight.grad = torch.ones(1)
        >>> Optimizer([weight], [sgd_step], lr=0.25).step()
        >>> weight.item()
        0.75
    """

    def __init__(self, params: Iterable[Any], cbs: Any, **hypers: Any) -> None:
        self.cbs: list[Callable[..., Any]] = list(cbs) if isinstance(cbs, Sequence) else [cbs]
        given = {_TORCH_NAMES.get(name, name): value for name, value in hypers.items()}
        mom = given.pop("mom", None)
        defaults = {"lr": 1e-3, "weight_decay": 0.0, **given, **({} if mom is None else {"momentum": mom})}
        super().__init__(params, defaults)

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Call the functions for every parameter that has a gradient."""
        with torch.no_grad():
            for group in self.param_groups:
                hypers = {name: value for name, value in group.items() if name != "params"}
                hypers |= {"wd": hypers["weight_decay"], "mom": hypers.get("momentum", 0.0)}
                for p in group["params"]:
                    if p.grad is not None:
                        self._step(p, hypers)

    def _step(self, p: Tensor, hypers: dict[str, Any]) -> None:
        state = self.state[p]
        for function in self.cbs:
            found = function(p, **{**hypers, **state})
            if isinstance(found, dict):
                state.update(found)


def sgd_step(p: Tensor, lr: float, **keywords: Any) -> None:
    """Subtract the gradient times the learning rate."""
    p.data.add_(p.grad.data, alpha=-lr)  # type: ignore[union-attr]


def weight_decay(p: Tensor, lr: float, wd: float, do_wd: bool = True, **keywords: Any) -> None:
    """Shrink the weights by `lr * wd`."""
    if do_wd and wd:
        p.data.mul_(1 - lr * wd)


def l2_reg(p: Tensor, lr: float, wd: float, do_wd: bool = True, **keywords: Any) -> None:
    """Add the weights times `wd` to the gradient."""
    if do_wd and wd and p.grad is not None:
        p.grad.data.add_(p.data, alpha=wd)


def average_grad(
    p: Tensor, mom: float, dampening: bool = False, grad_avg: Tensor | None = None, **keywords: Any
) -> dict[str, Tensor]:  # fmt: skip
    """Keep a moving sum of the gradients, `grad_avg`; with `dampening` an average."""
    grad = p.grad.data  # type: ignore[union-attr]
    average = torch.zeros_like(grad) if grad_avg is None else grad_avg
    return {"grad_avg": average.mul(mom).add(grad, alpha=1 - mom if dampening else 1)}


def average_sqr_grad(
    p: Tensor, sqr_mom: float, dampening: bool = True, sqr_avg: Tensor | None = None, **keywords: Any
) -> dict[str, Tensor]:  # fmt: skip
    """Keep a moving average of the squared gradients, `sqr_avg`."""
    grad = p.grad.data  # type: ignore[union-attr]
    average = torch.zeros_like(grad) if sqr_avg is None else sqr_avg
    return {"sqr_avg": average.mul(sqr_mom).addcmul(grad, grad, value=1 - sqr_mom if dampening else 1)}


def momentum_step(p: Tensor, lr: float, grad_avg: Tensor, **keywords: Any) -> None:
    """Subtract the moving sum of the gradients times the learning rate."""
    p.data.add_(grad_avg, alpha=-lr)


def step_stat(p: Tensor, step: int = 0, **keywords: Any) -> dict[str, int]:
    """Count the updates, `step`."""
    return {"step": step + 1}


class Lookahead(torch.optim.Optimizer):
    """Another optimizer whose weights are pulled back to slow ones every `k` updates.

    Args:
        opt: the optimizer.
        k: updates between two pulls.
        alpha: how far the slow weights move to the fast ones, 0..1.

    Source: Zhang et al., "Lookahead optimizer" (arXiv 1907.08610).
    """

    def __init__(self, opt: torch.optim.Optimizer, k: int = 6, alpha: float = 0.5) -> None:
        self.opt, self.k, self.alpha, self.defaults = opt, k, alpha, opt.defaults

    @property
    def state(self) -> Any:  # type: ignore[override]
        """The other optimizer's memory."""
        return self.opt.state

    @property
    def param_groups(self) -> Any:  # type: ignore[override]
        """The other optimizer's groups."""
        return self.opt.param_groups

    def state_dict(self) -> dict[str, Any]:
        """Return the other optimizer's state, with the slow weights."""
        return self.opt.state_dict()

    def load_state_dict(self, state_dict: Any) -> None:
        """Restore what `state_dict` returned."""
        self.opt.load_state_dict(state_dict)

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update; every `k` updates pull the weights back. The slow weights are in `state`, and so in checkpoints."""
        trained = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        started = {p: p.detach().clone() for p in trained if "slow" not in self.state[p]}
        self.opt.step()
        for p in trained:
            state = self.state[p]
            state.setdefault("slow", started.get(p))
            state["updates"] = state.get("updates", 0) + 1
            if state["updates"] % self.k == 0:
                with torch.no_grad():
                    p.copy_(state["slow"].lerp_(p, self.alpha))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients."""
        self.opt.zero_grad(set_to_none)


def ranger(
    params: Iterable[Any], lr: float = 1e-3, *, mom: float = 0.95, sqr_mom: float = 0.99, eps: float = 1e-6, wd: float = 0.01
) -> Lookahead:  # fmt: skip
    """Return `Lookahead` of rectified Adam, with fastai's defaults; arguments as for `RAdam`."""
    return Lookahead(RAdam(params, lr, mom=mom, sqr_mom=sqr_mom, eps=eps, wd=wd))


def OptimWrapper(params: Any = None, opt: Any = None, hp_map: Any = None, **keywords: Any) -> Any:
    """Return a torch optimizer, for `opt_func=partial(OptimWrapper, opt=torch.optim.AdamW)`; `opt_func` also takes the class itself.

    Args:
        params: parameters, or torch parameter groups; or the optimizer or its class in place of `opt`.
        opt: a class of torch optimizers, which is called; or an optimizer, which is returned.
        hp_map: accepted for fastai's signature.
        **keywords: as for the class.
    """
    if opt is None:
        opt, params = params, None
    if params is None or isinstance(opt, torch.optim.Optimizer):
        return opt
    return opt(params, **keywords)
