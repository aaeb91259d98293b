import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'orc',
  title: 'ORC files',
  id: 'OrcSource',
  format: () => 'ORC',
})
