"""How the two sides of an operation find each other. In: an operation and the types of its sides. Out: whether they never can, whether
one series may find several. Used by the checks of matching; what is not known never counts."""

from __future__ import annotations

from generators.promql.labels import NAME
from generators.promql.syntax import BY_ALL_LABELS, Binary, VectorMatching
from generators.promql.types import Type, Types
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Pairing:
    """An operation between two vectors."""

    node: Binary
    left: Type
    right: Type

    @property
    def matching(self) -> VectorMatching:
        return self.node.matching or BY_ALL_LABELS

    def compares(self, label: str) -> bool:
        """Whether both sides must agree in this label."""
        return label != NAME and (label in self.matching.labels) == self.matching.on

    def clash(self) -> str:
        """Why no series of one side can ever find one of the other, in words; "" when it may."""
        for label in sorted(self.left.sure | self.right.sure):
            if self.compares(label):
                for having, lacking, side in ((self.left, self.right, "right"), (self.right, self.left, "left")):
                    if label in having.sure and not lacking.labels.may_have(label):
                        return f"the label '{label}' is on one side only, the {side} side has lost it"
        for label, value in self.left.fixed.items():
            other = self.right.fixed.get(label, value)
            if self.compares(label) and other != value:
                return f'the label \'{label}\' is "{value}" on the left and "{other}" on the right'
        return ""

    def loose(self, side: Type) -> tuple[str, ...]:
        """The labels by which several series of a side look the same to the other; none where it is not known. What `group_left` takes
        over follows from the labels that are matched: a pod has one node, or people would not ask for it."""
        free = {*side.fixed, *self.matching.include}
        return tuple(sorted(label for label in side.key or () if label not in free and not self.compares(label)))


def pairing(node: object, types: Types) -> Pairing | None:
    """The pairing of an operation on two vectors; None for everything else, and where missing series are filled in."""
    if not isinstance(node, Binary):
        return None
    left, right = types[node.left], types[node.right]
    matching = node.matching or BY_ALL_LABELS
    filled = matching.fill_left is not None or matching.fill_right is not None
    if filled or "scalar" in (left.kind, right.kind):
        return None
    return Pairing(node, left, right)
