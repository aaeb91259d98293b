import { open } from 'node:fs/promises'
import { KedgeError } from '../../errors.ts'
import { columnarFile } from './columnar-file.ts'

export default columnarFile({
  kind: 'arrow',
  title: 'Files of Apache Arrow (Feather version 2; one may be an IPC stream)',
  id: 'ArrowSource',
  async format(path) {
    if (/[*?{]/.test(path)) return 'Arrow'
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0)
      const start = buffer.toString('latin1', 0, bytesRead)
      if (start.startsWith('FEA1'))
        throw new KedgeError(
          'source_unreadable',
          { source: '', what: 'it is a Feather file of version 1' },
          { todo: 'Write it anew as version 2, which is the Arrow file format.' },
        )
      return start === 'ARROW1' ? 'Arrow' : 'ArrowStream'
    } finally {
      await file.close()
    }
  },
})
