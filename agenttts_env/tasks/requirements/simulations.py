"""Requirements about small simulations."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import NAMES, integers, of
from agenttts_env.tasks.requirements.template import requirement


def _orders(draw: Draw) -> str:
    orders = [f"{draw.pick(('deposit', 'withdraw'))} {draw.integer(1, 90)}\n" for _ in range(draw.integer(2, 7))]
    return "".join(orders)


@requirement(
    "Simulate a bank account that begins with {start} euros. Read orders until the input ends, one on a line, such as "
    "deposit 20 or withdraw 5. A withdrawal of more than the account holds is refused and changes nothing. Print the "
    "balance at the end, and on a second line the number of refused orders.",
    _orders,
    start=(0, 20, 50),
)
def bank_account(text: str, start: int) -> str:
    balance, refused = start, 0
    for line in text.splitlines():
        order, amount = line.split()
        if order == "deposit":
            balance += int(amount)
        elif int(amount) <= balance:
            balance -= int(amount)
        else:
            refused += 1
    return f"{balance}\n{refused}"


@requirement(
    "A robot stands at 0 0 and looks north. Read one line of the letters F, L and R: at F it goes one step forward, "
    "at L it turns left, at R it turns right. A step north adds 1 to the second number, a step east adds 1 to the "
    "first. Print where the robot is and where it looks, as in: 2 -1 south",
    lambda draw: "".join(draw.many("FFFLR", 3, 14)) + "\n",
)
def robot(text: str) -> str:
    names = ("north", "east", "south", "west")
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0))
    x, y, heading = 0, 0, 0
    for letter in text.strip():
        if letter == "F":
            x, y = x + steps[heading][0], y + steps[heading][1]
        else:
            heading = (heading + (1 if letter == "R" else -1)) % 4
    return f"{x} {y} {names[heading]}"


@requirement(
    "A lift stands at floor {start}. Read one line with the floors that it goes to, one after the other. Print how "
    "many floors it passes in all (from floor 2 to floor 5 are 3), and on a second line the highest floor where it "
    "stopped, where it stood at first included.",
    integers(-2, 12, least=2, most=7),
    start=(0, 1, 4),
)
def lift(text: str, start: int) -> str:
    from itertools import pairwise

    floors = [start, *map(int, text.split())]
    return f"{sum(abs(b - a) for a, b in pairwise(floors))}\n{max(floors)}"


def _shop(draw: Draw) -> str:
    names = draw.some(NAMES, 6)
    return "".join(draw.pick((f"arrive {name}\n", f"arrive {name}\n", "serve\n")) for name in names) + "serve\n"


@requirement(
    "Simulate a queue in a shop. Read events until the input ends, one on a line: arrive and a name, when somebody "
    "joins the end of the queue, or serve, when the first in the queue is served. At every serve print the name of "
    "who is served, or nobody if the queue is empty. At the end print how many people are left in the queue.",
    _shop,
)
def shop_queue(text: str) -> str:
    queue: list[str] = []
    printed = []
    for line in text.splitlines():
        if line == "serve":
            printed.append(queue.pop(0) if queue else "nobody")
        else:
            queue.append(line.split()[1])
    return "\n".join([*printed, str(len(queue))])


def _stock(draw: Draw) -> str:
    goods = ("nails", "screws", "hooks")
    return "".join(
        f"{draw.pick(('add', 'add', 'remove'))} {draw.pick(goods)} {draw.integer(1, 9)}\n"
        for _ in range(draw.integer(2, 7))
    )


@requirement(
    "Keep the stock of a shop, which is empty at first. Read orders until the input ends, one on a line, such as "
    "add nails 5 or remove nails 3. If there is less in stock than is to be removed, all of it is removed. Print every "
    "article of which something is left, in alphabetical order, one on a line, followed by a space and how many are "
    "left. If nothing is left at all, print: empty",
    _stock,
)
def stock(text: str) -> str:
    left: dict[str, int] = {}
    for line in text.splitlines():
        order, article, count = line.split()
        change = int(count) if order == "add" else -int(count)
        left[article] = max(left.get(article, 0) + change, 0)
    return "\n".join(f"{article} {left[article]}" for article in sorted(left) if left[article]) or "empty"


@requirement(
    "A traffic light is green for {green} seconds, then yellow for 3 seconds, then red for {red} seconds, and then "
    "green again, and so on. It turns green at second 0. Read moments in whole seconds, one on a line, until the "
    "input ends, and for each print the colour that the light has in the second that begins then.",
    lambda draw: "".join(of("{t}", t=(0, 120))(draw) for _ in range(draw.integer(1, 5))),
    green=(10, 12),
    red=(7, 9),
)
def traffic_light(text: str, green: int, red: int) -> str:
    colours = []
    for second in map(int, text.split()):
        moment = second % (green + 3 + red)
        colours.append("green" if moment < green else "yellow" if moment < green + 3 else "red")
    return "\n".join(colours)


@requirement(
    "Read one line that shows a row of cells: # for a living cell, . for a dead one. In the next generation a cell "
    "lives if exactly one of its two neighbours lives now; beyond the ends all cells are dead. Print the next {count} "
    "generations, one on a line.",
    lambda draw: "".join(draw.many("#..", 4, 12)) + "\n",
    count=(2, 3),
)
def cells(text: str, count: int) -> str:
    row, generations = text.strip(), []
    for _ in range(count):
        padded = f".{row}."
        row = "".join("#" if padded[i] != padded[i + 2] else "." for i in range(len(row)))
        generations.append(row)
    return "\n".join(generations)


@requirement(
    "A pond has some fish, and every year their number doubles and then {caught} are caught, or all of them if they "
    "are not that many. Read two integers on one line: the number of fish at first, and a number of years. Print the "
    "number of fish after every year, one on a line.",
    of("{fish} {years}", fish=(1, 25), years=(1, 6)),
    caught=(9, 12, 20),
)
def pond(text: str, caught: int) -> str:
    fish, years = map(int, text.split())
    counts = []
    for _ in range(years):
        fish = max(2 * fish - caught, 0)
        counts.append(str(fish))
    return "\n".join(counts)


@requirement(
    "A machine sells drinks for {price} cents. Read one line with the coins that somebody puts in, in cents, one after "
    "the other. As soon as the coins make the price, the machine takes no more of them. Print paid, a space and the "
    "change in cents; or, if the coins do not make the price, print missing, a space and what is missing in cents.",
    lambda draw: " ".join(map(str, draw.many((5, 10, 20, 50, 100), 1, 7))) + "\n",
    price=(85, 120, 150),
)
def drinks_machine(text: str, price: int) -> str:
    paid = 0
    for coin in map(int, text.split()):
        paid += coin
        if paid >= price:
            return f"paid {paid - price}"
    return f"missing {price - paid}"


SIMULATIONS = (bank_account, robot, lift, shop_queue, stock, traffic_light, cells, pond, drinks_machine)
