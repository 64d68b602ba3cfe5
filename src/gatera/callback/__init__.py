"""Import paths of fastai's callbacks: `from gatera.callback.all import *` and the like. The callbacks are in `gatera.learn`."""
