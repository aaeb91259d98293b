import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'parquet',
  title: 'Parquet files',
  id: 'ParquetSource',
  format: () => 'Parquet',
  rows: { rowNumber: 's._row_number', stable: true },
})
