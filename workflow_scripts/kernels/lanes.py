"""Lanes: vectors of 16 float32 for kernels that Numba compiles, one machine operation for all 16.

    @on_lanes(types.void(types.float32[::1]))
    def exponentials(a):
        for i in range(0, a.size, LANES):
            store(a, i, exponential(load(a, i)))

Left to itself the compiler does not vectorise such kernels: it cannot show that the arrays do not
overlap. With a vector type there is nothing to show. Any CPU runs it, in as many registers as one
vector needs there.
"""

import hashlib
import math
import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys
from numba.core.typing.templates import ConcreteTemplate, Signature, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

LANES = 16


class _Cache(FunctionCache):
    """Numba's cache on disk, which sees edits of a kernel's own file, and of this file too."""

    _this_file = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()

    def _index_key(self, sig, codegen):
        return (*super()._index_key(sig, codegen), self._this_file)

    def load_overload(self, sig, target_context):
        """Do as Numba, but import what it compiles with (0.25 s) only where it must compile."""
        rtsys.initialize(target_context)
        return self._load_overload(sig, target_context)


def on_lanes(kernel_signature: Signature) -> Callable:
    """Compile a kernel as `njit(…, cache=True, nogil=True)` does, but for its `_Cache`.

    All else that the kernel calls must be in its own file.
    """

    def compiled(kernel: Callable) -> Callable:
        dispatcher = njit(nogil=True)(kernel)
        dispatcher._cache = _Cache(kernel)  # pyright: ignore[reportAttributeAccessIssue]
        dispatcher.compile(kernel_signature)
        dispatcher.disable_compile()
        return dispatcher

    return compiled


class LanesType(types.Type):
    """Numba's type of 16 float32 side by side."""

    def __init__(self):
        super().__init__(name="lanes")


lanes_type = LanesType()
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INTEGERS = ir.VectorType(ir.IntType(32), LANES)


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    """A value of this type is one vector register value."""

    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, _VECTOR)


def _define_operator(function, instruction, flags):
    @infer_global(function)
    class OnLanes(ConcreteTemplate):
        cases = [signature(lanes_type, lanes_type, lanes_type)]  # noqa: RUF012

    @lower_builtin(function, lanes_type, lanes_type)
    def lower(context, builder, sig, args):
        return getattr(builder, instruction)(*args, flags=flags)


# "contract" lets a product and a sum become one fused instruction; the order of sums stays.
for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define_operator(_function, _instruction, ("contract",))


def _vector_pointer(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@intrinsic
def load(typing_context, array, index):
    """Read 16 numbers of a C-contiguous array, from flat index `index` on."""

    def code(context, builder, sig, args):
        value = builder.load(_vector_pointer(context, builder, sig.args[0], *args))
        value.align = 4
        return value

    return lanes_type(array, types.intp), code


@intrinsic
def store(typing_context, array, index, lanes):
    """Write 16 numbers to a C-contiguous array, from flat index `index` on."""

    def code(context, builder, sig, args):
        written = builder.store(args[2], _vector_pointer(context, builder, sig.args[0], *args[:2]))
        written.align = 4
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes_type), code


@intrinsic
def spread(typing_context, number):
    """Put one float32 in every lane."""

    def code(context, builder, sig, args):
        first = builder.insert_element(
            ir.Constant(_VECTOR, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(_INTEGERS, None)
        return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), zeros)

    return lanes_type(types.float32), code


@intrinsic
def where_greater(typing_context, a, b, then, otherwise):
    """Lane by lane: `then` where a > b, else `otherwise`."""

    def code(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[2], args[3])

    return lanes_type(*[lanes_type] * 4), code


def _of_llvm(name):
    def code(context, builder, sig, args):
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.{name}.v{LANES}f32"
        )
        return builder.call(function, args)

    return code


@intrinsic
def square_root(typing_context, a):
    """Lane by lane √a."""
    return lanes_type(lanes_type), _of_llvm("sqrt")


@intrinsic
def magnitude(typing_context, a):
    """Lane by lane |a|."""
    return lanes_type(lanes_type), _of_llvm("fabs")


@intrinsic
def nearest_integer(typing_context, a):
    """Lane by lane the nearest whole number, still float32."""
    return lanes_type(lanes_type), _of_llvm("rint")


@intrinsic
def power_of_two(typing_context, a):
    """Lane by lane 2^a for whole a in −126..127: a goes into the exponent bits."""

    def code(context, builder, sig, args):
        exponent = builder.add(
            builder.fptosi(args[0], _INTEGERS), ir.Constant(_INTEGERS, [127] * LANES)
        )
        bits = builder.shl(exponent, ir.Constant(_INTEGERS, [23] * LANES))
        return builder.bitcast(bits, _VECTOR)

    return lanes_type(lanes_type), code


# Below e^−80 a probability is 0 for every purpose here; kept at e^−80, it stays a normal number
# (also divided by the batch and the classes), and no CPU slows down on subnormal ones.
_LOWEST = np.float32(-80.0)
_LOG2_E = np.float32(1 / math.log(2))
_LN2_HIGH = np.float32(0.693359375)  # few bits, so that n · _LN2_HIGH is exact
_LN2_LOW = np.float32(math.log(2) - 0.693359375)
_C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(1 / math.factorial(i)) for i in range(2, 8))
_ONE = np.float32(1)


@njit
def exponential(a):
    """Lane by lane e^a for −80 ≤ a ≤ 0, to 2e-7 relative, and e^−80 below.

    e^a = 2^n e^r with n whole and |r| ≤ ln 2 / 2, and e^r by its Taylor series to r^7 / 7!.
    """
    lowest = spread(_LOWEST)
    a = where_greater(a, lowest, a, lowest)
    n = nearest_integer(a * spread(_LOG2_E))
    r = (a - n * spread(_LN2_HIGH)) - n * spread(_LN2_LOW)
    s = spread(_C7) * r + spread(_C6)
    s = s * r + spread(_C5)
    s = s * r + spread(_C4)
    s = s * r + spread(_C3)
    s = s * r + spread(_C2)
    s = s * (r * r) + r
    return (s + spread(_ONE)) * power_of_two(n)


def lanes_array(*shape: int) -> np.ndarray:
    """Return zeros, float32, that start on a cache line, so that no vector spans two."""
    size = math.prod(shape)
    room = np.zeros(size + LANES, np.float32)
    start = (-room.ctypes.data % 64) // 4
    return room[start : start + size].reshape(shape)
