import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'parquet',
  title: 'A Parquet file on the server or behind an address',
  id: 'ParquetSource',
  format: () => 'Parquet',
  rows: { rowNumber: 's._row_number', stable: true },
})
