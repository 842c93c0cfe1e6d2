"""Layers that are products: the bilinear one."""

from ..compose import composed
from .einsum import einsum


@composed(places="torch nn.functional")
def bilinear(input1, input2, weight, bias=None):
    """Σ input1[..., i] · weight[:, i, j] · input2[..., j] + bias.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html"""
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {list(input1.shape)} and {list(input2.shape)}"
        )
    if weight.shape[1:] != (input1.shape[-1], input2.shape[-1]):
        raise RuntimeError(
            f"bilinear(): input sizes do not match weight size: got {input1.shape[-1]} and {input2.shape[-1]} but expected"
            f" {list(weight.shape[1:])}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {list(bias.shape)} but expected {len(weight.array)}"
        )
    out = einsum("...i,aij,...j->...a", input1, weight, input2)
    return out if bias is None else out + bias
