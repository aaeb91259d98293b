import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'avro',
  title: 'Avro object container files',
  id: 'AvroSource',
  format: () => 'Avro',
})
