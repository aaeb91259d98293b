import { KedgeError } from '../../errors.ts'

/** What a body to `/invocations` is: `split` and `records` are the bare frames of MLflow before 2.0. */
export type MlflowContent = 'json' | 'csv' | 'split' | 'records'

/**
 * Reads a content type: JSON or CSV, with `charset=utf-8` and the older `format=pandas-split` or `pandas-records`. Errors:
 * `unsupported` with what is offered.
 */
export function readMlflowContentType(header: string): MlflowContent {
  const [type, ...rest] = header.split(';').map((part) => part.trim())
  const parameters = new Map(
    rest
      .filter((part) => part !== '')
      .map((part) => {
        const [name, value = ''] = part.split('=', 2)
        return [
          name!.trim().toLowerCase(),
          value
            .trim()
            .replace(/^"(.*)"$/, '$1')
            .toLowerCase(),
        ] as const
      }),
  )
  const refuse = (what: string) =>
    new KedgeError('unsupported', { what }, { todo: 'Send application/json or text/csv, in UTF-8.' })
  const charset = parameters.get('charset') ?? 'utf-8'
  if (charset !== 'utf-8' && charset !== 'utf8') throw refuse(`The charset ${charset}`)
  parameters.delete('charset')
  const format = parameters.get('format')
  parameters.delete('format')
  const [other] = parameters.keys()
  if (other !== undefined) throw refuse(`The content type parameter ${other}`)
  switch (type!.toLowerCase()) {
    case 'text/csv':
      if (format === undefined) return 'csv'
      break
    case 'application/json':
      if (format === undefined) return 'json'
      if (format === 'pandas-split') return 'split'
      if (format === 'pandas-records') return 'records'
      break
    default:
      throw refuse(`The content type ${type || '(none)'}`)
  }
  throw refuse(`The content type parameter format=${format}`)
}
