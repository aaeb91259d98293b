"""Decodes fixed records with coboljsonifier and prints the seconds it took: copybook, file, length of a record."""
import sys
import time

from coboljsonifier.config.parser_type_enum import ParseType
from coboljsonifier.copybookextractor import CopybookExtractor
from coboljsonifier.parser import Parser

copybook, path, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
parser = Parser(CopybookExtractor(copybook).dict_book_structure, ParseType.BINARY_EBCDIC).build()
started = time.perf_counter()
rows = []
with open(path, "rb") as file:
    while record := file.read(length):
        parser.parse(record)
        rows.append(parser.value)
print(time.perf_counter() - started)
print(rows[1], file=sys.stderr)
