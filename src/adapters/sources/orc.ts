import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'orc',
  title: 'ORC files on the server or one behind an address',
  id: 'OrcSource',
  format: () => 'ORC',
})
