"""Convolutions as torch calls them, in one, two and three dims; and windows laid out side by side."""

from math import prod

from ..compose import composed
from ..ops.conv import conv, conv_input
from ..ops.window import overlap_add, windows
from ..tensor import Tensor
from .spatial import at_least, batched, ints


def checked(name, dims, input, weight, bias, groups, transposed):
    """Raise torch's errors unless input, weight and bias fit in all but the sizes of input and kernel."""
    for what, x in {"weight": weight, "bias": bias}.items():
        if not (isinstance(x, Tensor) or (x is None and what == "bias")):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(x).__name__}")
        if x is not None and x.dtype is not input.dtype:
            raise RuntimeError(
                f"Input type ({input.dtype}) and {what} type ({x.dtype}) should be the same: convert one with .to()"
            )
    if input.array.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size:"
            f" {list(input.shape)}"
        )
    if weight.array.ndim != dims + 2:
        raise RuntimeError(
            f"{name}: weight should have {dims + 2} dimensions, two of channels and the kernel's, but got weight of size"
            f" {list(weight.shape)}"
        )
    if groups < 1:
        raise RuntimeError(f"non-positive groups is not supported, and groups is {groups}")
    if weight.shape[0] % groups or not all(weight.shape[2:]) or not weight.shape[0]:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, and none of its dimensions"
            f" to be empty, but got weight of size {list(weight.shape)} instead"
        )
    outputs = groups * weight.shape[1] if transposed else weight.shape[0]
    if bias is not None and bias.shape != (outputs,):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {outputs} elements, but got"
            f" bias of size {list(bias.shape)} instead"
        )
    if input.array.dtype.kind == "b":
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype}: convert with .float() first')


def steps(name, dims, stride, dilation):
    stride, dilation = ints(name, "stride", stride, dims), ints(name, "dilation", dilation, dims)
    at_least(1, name, "stride", stride)
    at_least(1, name, "dilation", dilation)
    return stride, dilation


def channels(input, weight, expected, dims):
    """The input with a batch dim, and whether it had one, if it has the channels that the weight expects."""
    x, has_batch = batched(input, dims)
    if x.shape[1] != expected:
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected input{list(input.shape)} to have {expected} channels, but"
            f" got {x.shape[1]} channels instead"
        )
    if len(x) and expected and 0 in x.shape:
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {list(input.shape)}"
        )
    return x, has_batch


def convolved(name, dims, input, weight, bias, stride, padding, dilation, groups):
    checked(name, dims, input, weight, bias, groups, False)
    stride, dilation = steps(name, dims, stride, dilation)
    x, has_batch = channels(input, weight, weight.shape[1] * groups, dims)
    size, spans = x.shape[2:], [d * (k - 1) for k, d in zip(weight.shape[2:], dilation)]
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        out, padding = size, [span // 2 for span in spans]
    else:
        if isinstance(padding, str) and padding != "valid":
            raise RuntimeError(f"Invalid padding string: '{padding}'. It can be 'valid' or 'same'")
        padding = ints(name, "padding", 0 if padding == "valid" else padding, dims)
        at_least(0, name, "padding", padding)
        out = [(n + 2 * p - span - 1) // s + 1 for n, span, s, p in zip(size, spans, stride, padding)]
    if any(n < 1 for n in out):
        raise RuntimeError(
            f"Calculated padded input size per channel: {[n + 2 * p for n, p in zip(size, padding)]}. Kernel size:"
            f" {[span + 1 for span in spans]}. Kernel size can't be greater than actual input size"
        )
    found = conv(x, weight, bias, tuple(out), stride, tuple(padding), dilation, groups)
    return found if has_batch else found.squeeze(0)


def transposed(name, dims, input, weight, bias, stride, padding, output_padding, groups, dilation):
    checked(name, dims, input, weight, bias, groups, True)
    stride, dilation = steps(name, dims, stride, dilation)
    padding, extra = ints(name, "padding", padding, dims), ints(name, "output_padding", output_padding, dims)
    at_least(0, name, "padding", padding)
    at_least(0, name, "output_padding", extra)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding: {list(extra)} stride:"
            f" {list(stride)} dilation: {list(dilation)}"
        )
    x, has_batch = channels(input, weight, weight.shape[0], dims)
    each = zip(x.shape[2:], weight.shape[2:], stride, padding, extra, dilation)
    size = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, e, d in each)
    if any(n < 1 for n in size):
        raise RuntimeError(
            f"Given input size per channel: {list(x.shape[2:])}. Calculated output size per channel: {list(size)}. Output"
            " size is too small"
        )
    found = conv_input(x, weight, size, stride, padding, dilation, groups)
    found = found if bias is None else found + bias.reshape(-1, *[1] * dims)
    return found if has_batch else found.squeeze(0)


@composed(places="torch nn.functional")
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """out[n, o, i] = b[o] + Σ w[o, c, k] · x[n, c, i · stride + k · dilation - padding] over c, k; x is 0 outside."""
    return convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composed(places="torch nn.functional")
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """conv1d along two dims: (N, C, H, W) and a weight of (O, C / groups, *kernel) give (N, O, H', W')."""
    return convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@composed(places="torch nn.functional")
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """conv1d along three dims: (N, C, D, H, W)."""
    return convolved("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@composed(places="torch nn.functional")
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv1d by its input, plus b: each x[n, c, i] · w[c, o, k] goes to i · stride + k · dilation - padding."""
    return transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composed(places="torch nn.functional")
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv2d by its input, plus b: (N, C, H, W) and a weight of (C, O / groups, *kernel) give (N, O, H', W')."""
    return transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composed(places="torch nn.functional")
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv3d by its input, plus b."""
    return transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


# ------------------------------------------------------------------ windows side by side


def slide(name, kernel_size, dilation, padding, stride):
    """How a kernel slides over an image: kernel, stride, padding and dilation, as the ops take them."""
    named = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    for what, value in named.items():
        if isinstance(value, (tuple, list)) and len(value) != 2:
            raise RuntimeError(f"It is expected {what} equals to 2, but got size {len(value)}")
    found = [ints(name, what, value, 2) for what, value in named.items()]
    for what, value in zip(named, found):
        at_least(int(what != "padding"), name, what, value)
    return found


def movable(name, x):
    """Raise torch's error for the dtypes that it has no windows of."""
    if x.array.dtype.kind in "iu":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: convert with .float() first')


def blocks(size, kernel, stride, padding, dilation):
    """How many windows there are along each dim."""
    each = zip(size, kernel, stride, padding, dilation)
    out = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in each)
    if any(n < 1 for n in out):
        raise RuntimeError(
            f"Given spatial size {tuple(size)}, kernel_size={kernel}, dilation={dilation}, padding={padding}, calculated"
            f" shape of the array of sliding blocks as {out}, but its components must be at least one."
        )
    return out


@composed(places="nn.functional")
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of (N, C, H, W), each flattened, side by side: (N, C · places in the kernel, windows)."""
    how = slide("unfold", kernel_size, dilation, padding, stride)
    if input.array.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but"
            f" got: {list(input.shape)}"
        )
    movable("unfold", input)
    x, has_batch = batched(input, 2)
    out = blocks(x.shape[2:], *how)
    found = windows(x, out, *how).reshape(len(x), x.shape[1] * prod(how[0]), prod(out))
    return found if has_batch else found.squeeze(0)


@composed(places="nn.functional")
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The adjoint of unfold: what (N, C · places, windows) holds goes back to its places, and is summed there."""
    size, how = ints("fold", "output_size", output_size, 2), slide("fold", kernel_size, dilation, padding, stride)
    at_least(1, "fold", "output_size", size)
    if input.array.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input,"
            f" but got: {list(input.shape)}"
        )
    movable("fold", input)
    x, has_batch = batched(input, 1)
    out, places = blocks(size, *how), prod(how[0])
    if x.shape[1] % places:
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)="
            f"{x.shape[1]} and kernel_size={how[0]}."
        )
    if x.shape[2] != prod(out):
        raise RuntimeError(
            f"Given output_size={size}, expected size of input's dimension 2 to match the calculated number of sliding"
            f" blocks {' * '.join(map(str, out))} = {prod(out)}, but got input.size(2)={x.shape[2]}."
        )
    found = overlap_add(x.reshape(len(x), x.shape[1] // places, places, *out), size, *how)
    return found if has_batch else found.squeeze(0)
