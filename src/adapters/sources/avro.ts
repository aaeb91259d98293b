import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'avro',
  title: 'An Avro object container file on the server or behind an address',
  id: 'AvroSource',
  format: () => 'Avro',
})
