import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Comparison } from '../comparison/comparison.ts'
import { KedgeError } from '../errors.ts'
import { type ReportFormat, renderReport, reportFormats } from './render-report.ts'

/** The format that a file's name asks for. Errors: `invalid_input`. */
export function reportFormat(path: string): ReportFormat {
  const ending = extname(path).slice(1).toLowerCase()
  const found = reportFormats.find((format) => format === (ending === 'htm' ? 'html' : ending))
  if (!found)
    throw new KedgeError('invalid_input', {
      what: `A report is written to a file that ends in ${reportFormats.map((format) => `.${format}`).join(', ')}, not to ${path}`,
    })
  return found
}

/** Writes a comparison in the format that the file's name asks for. */
export async function writeReport(path: string, comparison: Comparison): Promise<void> {
  const bytes = await renderReport(comparison, reportFormat(path))
  await writeFile(path, bytes).catch((cause) => {
    throw new KedgeError(
      'invalid_input',
      { what: `The report cannot be written to ${path} (${cause.code})` },
      { cause },
    )
  })
}
