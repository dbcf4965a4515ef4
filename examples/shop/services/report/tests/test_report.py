from report.cli import read, table


def test_sales_of_a_product_are_added():
    sales = read("day,sku,pieces,amount\n2025-03-03,mug,1,12.50\n2025-03-04,mug,2,25.00\n")
    assert table(sales).splitlines()[2].split() == ["mug", "3", "37.50"]
