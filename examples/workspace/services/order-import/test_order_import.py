import unittest
from decimal import Decimal

from order_import import Order, Skipped, read_orders

SKUS = {"COF-COL-250"}


def row(order_id="HL-1", sku="COF-COL-250", quantity="2", price="11.90", total="23.80"):
    return [order_id, "2026-01-01T08:00:00Z", "C0001", "DE", "web", sku, "Huila", quantity, price, total, "paid", ""]


class ReadOrders(unittest.TestCase):
    def read(self, *rows):
        return list(read_orders([["header"], *rows], SKUS))

    def test_a_good_row_becomes_an_order(self):
        self.assertEqual(self.read(row()), [Order("HL-1", "COF-COL-250", 2, Decimal("23.80"))])

    def test_what_cannot_be_imported_is_reported_with_its_line(self):
        self.assertEqual(
            self.read(row(sku="X"), row(quantity="1 kg"), row(total="1.00"), ["HL-4"]),
            [
                Skipped(2, "unknown sku X"),
                Skipped(3, "bad quantity"),
                Skipped(4, "total differs"),
                Skipped(5, "too few fields"),
            ],
        )

    def test_an_order_is_imported_once(self):
        self.assertEqual(len(self.read(row(), row())), 1)


if __name__ == "__main__":
    unittest.main()
