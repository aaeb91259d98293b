import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'avro',
  title: 'Avro object container files on the server or one behind an address',
  id: 'AvroSource',
  format: () => 'Avro',
})
