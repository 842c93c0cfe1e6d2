"""Questions, whose answers are true or false: flat almost everywhere, so they have no rules."""

import numpy as np

from ..op import op

eq = op(np.equal, name="eq", operator="eq", dx=None, dy=None, floats=False)
ne = op(np.not_equal, name="ne", operator="ne", dx=None, dy=None, floats=False)
lt = op(np.less, name="lt", operator="lt", dx=None, dy=None, floats=False)
le = op(np.less_equal, name="le", operator="le", dx=None, dy=None, floats=False)
gt = op(np.greater, name="gt", operator="gt", dx=None, dy=None, floats=False)
ge = op(np.greater_equal, name="ge", operator="ge", dx=None, dy=None, floats=False)
isnan = op(np.isnan, dx=None, floats=False, inplace=False)
isinf = op(np.isinf, dx=None, floats=False, inplace=False)
isfinite = op(np.isfinite, dx=None, floats=False, inplace=False)
logical_and = op(np.logical_and, dx=None, dy=None, floats=False)
logical_or = op(np.logical_or, dx=None, dy=None, floats=False)
logical_not = op(np.logical_not, dx=None, floats=False)
bitwise_and = op(np.bitwise_and, operator="and", dx=None, dy=None)
bitwise_or = op(np.bitwise_or, operator="or", dx=None, dy=None)
bitwise_not = op(np.invert, name="bitwise_not", operator="invert", dx=None)
