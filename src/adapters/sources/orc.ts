import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'orc',
  title: 'An ORC file on the server or behind an address',
  id: 'OrcSource',
  format: () => 'ORC',
})
