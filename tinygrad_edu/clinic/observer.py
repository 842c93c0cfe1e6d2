"""What a doctor sees of the operations: who made which array, where, and what of it the walk back came through."""

from ..autograd.anomaly_mode import users_line
from ..graph import Node
from ..thread import Watcher

VIEWS = {"squeeze", "unsqueeze", "reshape", "view", "flatten", "transpose", "permute", "mT"}
DIFFERENCES = {"sub", "mse_loss", "huber"}
SECOND = {  # op -> what must not have made its input, and the name of that illness
    "log_softmax": ({"softmax", "log_softmax"}, "softmax before cross_entropy"),
    "sigmoid": ({"sigmoid"}, "sigmoid twice"),
    "binary_cross_entropy_with_logits": ({"sigmoid"}, "sigmoid twice"),
}


class Observer(Watcher):
    """Watches one step after the other, and tells `report(name, evidence)` what it sees."""

    def __init__(self, report, parameters):
        self.report, self.parameters, self.ranks = report, parameters, {}
        self.forget()

    def forget(self):
        """A new step begins."""
        self.made = {}  # id of an array -> (the array, the name of what made it, ignoring views)
        self.nodes = []  # (a node, the array that it stands for, the line that made it), in the order of their births
        self.own = {id(p.array) for p in self.parameters}
        self.live = {*self.own}  # ids of the arrays through which a gradient flows
        self.touched = {}  # id of a parameter's array -> the line that used it
        self.passed_by = set()
        self.root = None

    def forward(self, op, arrays, params, out):
        makers = [self.made.get(id(a), (None, ""))[1] for a in arrays]
        self.made[id(out)] = out, makers[0] if op.name in VIEWS and makers else op.name
        self.last = out
        for a in arrays:
            if id(a) in self.own:
                self.touched.setdefault(id(a), users_line())
        self.twice(op, makers)
        self.stretched(op, arrays)
        self.squeezed(op, arrays, out)
        return out

    def born(self, node):
        self.nodes.append((node, self.last, users_line()))
        self.live.add(id(self.last))

    def backward(self, node, g, parts):
        return self.passed(node, parts)

    def passed(self, node, parts):
        if not self.passed_by:
            self.root = node
        self.passed_by.add(node)
        return parts

    # ---------------------------------------------------------------- what one operation shows

    def twice(self, op, makers):
        """A softmax of a softmax, a sigmoid of a sigmoid, with nothing between but views."""
        if op.name in SECOND and makers:
            before, illness = SECOND[op.name]
            if makers[0] in before:
                self.report(illness, f"{op.name} is applied to the output of {makers[0]}")

    def stretched(self, op, arrays):
        """A prediction and its targets, (N) and (N, 1), whose difference is a table."""
        if op.name not in DIFFERENCES or len(arrays) < 2:
            return
        shapes = [a.shape for a in arrays[:2]]
        short, long = sorted(shapes, key=len)
        if len(short) == 1 and long == (*short, 1) and short[0] > 1:
            live = [id(a) in self.live for a in arrays[:2]]
            if sum(live) == 1:  # of two predictions, or of a tensor and itself, a table may be meant
                n = short[0]
                evidence = f"{op.name} of shapes {shapes[0]} and {shapes[1]} has {n * n} entries for a batch of {n}"
                self.report("(N) against (N, 1)", evidence)

    def squeezed(self, op, arrays, out):
        """A line whose squeeze keeps the batch where there are several examples, and loses it where there is one."""
        if op.name == "squeeze" and arrays[0].ndim:
            line, batch = users_line(), arrays[0].shape[0]
            if batch > 1:
                self.ranks[line] = out.ndim
            elif batch == 1 and self.ranks.get(line, -1) == out.ndim + 1:
                evidence = f"squeeze() made {out.shape} of a batch of shape {arrays[0].shape}"
                self.report("squeeze lost the batch", evidence)

    # ---------------------------------------------------------------- what a whole step shows

    @property
    def loss(self):
        """The number from which the walk went back; None if it was none."""
        found = [array for node, array, _ in self.nodes if node is self.root and array.size == 1]
        return float(found[0].reshape(())) if found else None

    def path_of(self, parameter):
        """(what became of a parameter that got no gradient, the line); None if nothing used it."""
        downstream: set[Node] = {parameter.node}
        end = None
        for node, _, line in self.nodes:
            if not downstream.isdisjoint(node.edges):
                downstream.add(node)
                end = None if node in self.passed_by else (node, line)
        if end:
            return f"the path from the loss to it is cut behind {end[0].op.name}", end[1]
        if id(parameter.array) in self.touched:
            return "it is used where no graph is built", self.touched[id(parameter.array)]
        return None
