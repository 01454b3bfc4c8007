"""Planted truth: sign codes of forms in which it is known which neurons hold an attribute.

A *pair* is two neurons, c and -c, c = ±1 in a form: so each form's row has mean 0 and variance 1,
and a LayerNorm leaves it as it is. Pairs of five kinds make up a row:

* *cell*: they number the form's lexeme, so that every form has a row of its own, and a word and its
  counterpart differ in the value alone;
* *used*: copies of the value, which the model reads, as it reads the cell;
* *decoys*: copies of the value, which nobody reads; wrong in some forms;
* *noise*: drawn for each form.

The model reads the even members of cell and used pairs; the odd *twin* of a used neuron has exactly
its information, and no use.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.kernels.information import plug_in_information

NO_VALUE = -1


@dataclass(frozen=True)
class Knobs:
    """What is planted, and how well it is hidden."""

    used: int = 5
    """How many copies of the value are used."""
    decoys: Sequence[float] = (0.02, 0.05, 0.1, 0.2)
    """For each decoy, in which share of the forms it is wrong."""
    noise: int = 16
    """How many pairs of noise there are."""
    xor: bool = False
    """Whether a used sign is the product of two neurons, of which neither is informative."""
    rotate: int = 0
    """Over how many neurons, a block, a used sign is spread; with 0 and 1 it is one neuron's."""
    correlated: bool = False
    """Whether decoys are wrong in the same forms."""


@dataclass(frozen=True)
class Forms:
    """What is coded of the forms (V), in the order of their ids."""

    cells: np.ndarray
    """(V,) int64, from 0: of forms with one number, each has another value."""
    values: np.ndarray
    """(V,) int64: the index of the value, NO_VALUE where a form has none. Of one cell all forms
    have a value, or the one form has none."""
    n_values: int
    """v, how many values there are."""


@dataclass(frozen=True)
class Planted:
    """The rows of forms, what is read of them, and what each neuron is."""

    rows: np.ndarray
    """(V, d) float32: mean 0 and variance 1 each."""
    reads: np.ndarray
    """(R, d) float64: each row gives one of the signs that the model reads, of a form's row."""
    read_signs: np.ndarray
    """(V, R) int8: these signs."""
    used: np.ndarray
    """(u,) int64, neurons in order, as the others."""
    twins: np.ndarray
    decoys: list[np.ndarray]
    """The neurons of each decoy."""
    cell: np.ndarray
    noise: np.ndarray
    copies: list[np.ndarray]
    """The used neurons of each copy of the value."""

    @property
    def encoded(self) -> np.ndarray:
        """The neurons that hold the value: those that are used, their twins, and decoys."""
        return np.sort(np.concatenate([self.used, self.twins, *self.decoys]))


def bits_of(n: int) -> int:
    """Return how many signs number n things, at least 1."""
    return max(1, (n - 1).bit_length())


def signs_of(numbers: np.ndarray, n_bits: int) -> np.ndarray:
    """Return the signs (n, n_bits) int8 that write numbers (n,) in binary: 1 is +1, 0 is -1."""
    return (2 * (numbers[:, None] >> np.arange(n_bits) & 1) - 1).astype(np.int8)


def plant(forms: Forms, knobs: Knobs, stream: np.random.Generator) -> Planted:
    """Draw the rows of the forms; every draw is one of a form, or of a pair's place."""
    n_forms = len(forms.cells)
    n_bits = bits_of(forms.n_values)
    has_value = forms.values != NO_VALUE

    def drawn(n: int) -> np.ndarray:
        return _coins(stream, n_forms, n)

    def coded(values: np.ndarray) -> np.ndarray:
        signs = signs_of(np.maximum(values, 0), n_bits)
        return np.where(has_value[:, None], signs, drawn(n_bits)).astype(np.int8)

    # Forms without a value have any signs in used pairs: as many pairs of the cell as there are
    # copies say so, or a word whose value is half turned would become one of them.
    of_cell = signs_of(forms.cells, bits_of(int(forms.cells.max(initial=0)) + 1))
    says_so = np.repeat(np.where(has_value, 1, -1).astype(np.int8)[:, None], knobs.used, axis=1)
    cell = np.concatenate([of_cell, says_so], axis=1)
    copies = [coded(forms.values) for _ in range(knobs.used)]
    if knobs.xor:
        n_cells = int(forms.cells.max(initial=0)) + 1
        copies = [_product(copy, _coins(stream, n_cells, n_bits)[forms.cells]) for copy in copies]
    luck = stream.random(n_forms)
    decoys = []
    for p in knobs.decoys:
        wrong = (luck if knobs.correlated else stream.random(n_forms)) < p
        step = stream.integers(1, max(2, forms.n_values), n_forms)
        other = np.where(wrong, (forms.values + step) % forms.n_values, forms.values)
        decoys.append(coded(other))
    noise = drawn(knobs.noise)
    beside = max(knobs.rotate, 1) - 1
    blocks = [[np.column_stack([sign, drawn(beside)]) for sign in copy.T] for copy in copies]

    groups = [cell, *(block for copy in blocks for block in copy), *decoys, noise]
    sizes = [group.shape[1] for group in groups]
    place = stream.permutation(sum(sizes))
    turn = _orthogonal(stream, beside + 1)
    places = np.split(place, np.cumsum(sizes)[:-1])

    members = np.zeros((n_forms, sum(sizes)))
    for where, group in zip(places, groups, strict=True):
        members[:, where] = group
    n_blocks = sum(map(len, blocks))
    of_blocks = places[1 : 1 + n_blocks]
    reads = np.zeros((cell.shape[1] + n_blocks, sum(sizes)))
    reads[np.arange(cell.shape[1]), places[0]] = 1
    for row, where in enumerate(of_blocks, cell.shape[1]):
        members[:, where] = members[:, where] @ turn.T
        reads[row, where] = turn[:, 0]
    used_signs = [block[:, :1] for copy in blocks for block in copy]

    rows = np.empty((n_forms, 2 * sum(sizes)), np.float32)
    rows[:, 0::2], rows[:, 1::2] = members, -members
    reads_of_neurons = np.zeros((len(reads), rows.shape[1]))
    reads_of_neurons[:, 0::2] = reads
    n_of_copy = np.cumsum([len(copy) for copy in blocks])[:-1]
    copies_of = [
        2 * np.sort(np.concatenate([of_blocks[i] for i in copy]))
        for copy in np.split(np.arange(n_blocks), n_of_copy)
    ]
    used = np.sort(np.concatenate(copies_of))
    return Planted(
        rows=rows,
        reads=reads_of_neurons,
        read_signs=np.concatenate([cell, *used_signs], axis=1).astype(np.int8),
        used=used,
        twins=used + 1,
        decoys=[both(where) for where in places[1 + n_blocks : -1]],
        cell=both(places[0]),
        noise=both(places[-1]),
        copies=copies_of,
    )


def both(pairs: np.ndarray) -> np.ndarray:
    """Return both neurons of each pair, in order."""
    return np.sort(np.concatenate([2 * pairs, 2 * pairs + 1]))


def exact_information(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return what each neuron tells of the value, (d,) float64, in bits.

    Plug-in, from counts (V, v) of the words of each form that have each value: neurons of equal
    rows (V, d) are equal words.
    """
    found = np.zeros(rows.shape[1])
    for neuron in range(rows.shape[1]):
        level = np.unique(rows[:, neuron].round(5), return_inverse=True)[1]
        joint = np.zeros((level.max(initial=0) + 1, counts.shape[1]), np.int64)
        np.add.at(joint, level, counts)
        found[neuron] = plug_in_information(joint)
    return found


def _coins(stream: np.random.Generator, n: int, m: int) -> np.ndarray:
    return (2 * stream.integers(0, 2, (n, m)) - 1).astype(np.int8)


def _product(signs: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return, for each column, the two signs of which it is the product."""
    pairs = np.stack([first, first * signs], axis=2)
    return pairs.reshape(len(signs), -1)


def _orthogonal(stream: np.random.Generator, n: int) -> np.ndarray:
    """Return an orthogonal matrix (n, n), uniformly drawn; of one neuron the identity."""
    if n == 1:
        return np.eye(1)
    q, r = np.linalg.qr(stream.standard_normal((n, n)))
    return q * np.sign(np.diag(r))
