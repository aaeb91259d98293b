# Writes workbooks into the folder that is given, and prints what they hold as JSON: {file: rows of texts}.
import datetime as d, json, sys
from pathlib import Path
import openpyxl, pandas as pd

folder = Path(sys.argv[1])
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Flights"
sheet.append(["id", "name", "amount", "day", "at", "clock", "ok", None, "id"])
rows = [
    [1, "Ä & <b>\n\"x\"", 0.1, d.date(2001, 2, 3), d.datetime(2001, 2, 3, 4, 5, 6), d.time(7, 8, 9), True, "h", 10],
    [2, "  spaces  ", 1e20, d.date(1900, 1, 1), d.datetime(2099, 12, 31, 23, 59, 59), d.time(0, 0, 1), False, None, 20],
    [9007199254740991, "😀 _x000D_", -2.5e-7, d.date(1900, 3, 1), d.datetime(1970, 1, 1), None, True, "", 30],
    [4, None, None, None, None, None, None, None, None],
]
for row in rows:
    sheet.append(row)
other = book.create_sheet("Other")
other.append(["made by"])
other.append(["someone"])
other.append([])
other.append(["group", "value"])
other.append(["a", 1])
other.append([None, 2])
other.append(["b", 3])
other.merge_cells("A5:A6")
book.save(folder / "flights.xlsx")

formulas = openpyxl.Workbook()
formulas.active.append(["a", "b"])
formulas.active.append([1, "=A2*2"])
formulas.active.append([2, "#DIV/0!"])
formulas.active["B3"].data_type = "e"
formulas.active.append([3, 4, 5])
formulas.active.append([4, 8])
formulas.save(folder / "formulas.xlsx")

frame = pd.DataFrame({"n": range(20000), "x": [i / 7 for i in range(20000)], "t": [f"text {i % 100}" for i in range(20000)]})
frame.to_excel(folder / "large.xlsx", index=False)

back = openpyxl.load_workbook(folder / "flights.xlsx")["Flights"]
def text(cell):
    value = cell.value
    if value is None: return None
    if isinstance(value, bool): return str(value).lower()
    if isinstance(value, d.datetime): return value.isoformat(sep=" ") if "h" in cell.number_format else value.date().isoformat()
    if isinstance(value, (d.date, d.time)): return value.isoformat()
    return str(value)
print(json.dumps([[text(cell) for cell in row] for row in back.iter_rows(min_row=2)]))
