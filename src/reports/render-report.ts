import type { Comparison } from '../comparison/comparison.ts'

export const reportFormats = ['html', 'pdf', 'json', 'parquet'] as const
export type ReportFormat = (typeof reportFormats)[number]

export const mediaTypes: Record<ReportFormat, string> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  json: 'application/json',
  parquet: 'application/vnd.apache.parquet',
}

/** A comparison as the bytes of a file. What writes it is loaded when it is needed first. */
export async function renderReport(comparison: Comparison, format: ReportFormat): Promise<Uint8Array> {
  if (format === 'json') return Buffer.from(JSON.stringify(comparison))
  if (format === 'html') return Buffer.from((await import('./html-report.ts')).htmlReport(comparison))
  if (format === 'pdf') return (await import('./pdf-report.ts')).pdfReport(comparison)
  return (await import('./parquet-report.ts')).parquetReport(comparison)
}
