"""Checks an export of the shop and reports what can be imported.

A line that cannot be imported is never dropped in silence: it stands in the report with its number and the
reason, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

FIELDS = 12
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Order:
    order_id: str
    sku: str
    quantity: int
    total: Decimal


@dataclass(frozen=True)
class Skipped:
    line: int
    reason: str


def read_orders(rows: Iterable[list[str]], skus: set[str]) -> Iterator[Order | Skipped]:
    """Yields one order or one reason for every row after the header."""
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if number == 1:
            continue
        result = read_order(row, skus)
        if isinstance(result, str):
            yield Skipped(number, result)
        elif result.order_id not in seen:
            seen.add(result.order_id)
            yield result


def read_order(row: list[str], skus: set[str]) -> Order | str:
    if len(row) < FIELDS:
        return "too few fields"
    order_id, sku = row[0], row[5]
    if sku not in skus:
        return f"unknown sku {sku}"
    try:
        quantity = int(row[7])
        price, total = Decimal(row[8]), Decimal(row[9])
    except (ValueError, InvalidOperation):
        return "bad quantity"
    if quantity < 1:
        return "bad quantity"
    if abs(price * quantity - total) >= CENT:
        return "total differs"
    return Order(order_id, sku, quantity, total)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("orders", type=Path)
    parser.add_argument("--products", type=Path, required=True)
    arguments = parser.parse_args()

    skus = {product["sku"] for product in json.loads(arguments.products.read_text("utf-8"))}
    with arguments.orders.open(encoding="utf-8", newline="") as file:
        results = list(read_orders(csv.reader(file), skus))

    skipped = [result for result in results if isinstance(result, Skipped)]
    for problem in skipped:
        print(f"line {problem.line}: {problem.reason}")
    print(f"{len(results) - len(skipped)} imported, {len(skipped)} skipped")
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
