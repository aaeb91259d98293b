import { parentPort, workerData } from 'node:worker_threads'
import { KedgeError } from '../../../errors.ts'
import { convertExcel } from '../excel/convert-excel.ts'
import { convertXml } from '../xml/convert-xml.ts'
import type { Conversion, ConversionAnswer, Converted } from './conversion.ts'

const converters: Record<string, (work: Conversion) => Promise<Converted>> = { excel: convertExcel, xml: convertXml }

const answer = (value: ConversionAnswer) => parentPort!.postMessage(value)
try {
  const work = workerData as Conversion
  answer({ ok: true, converted: await converters[work.kind]!(work) })
} catch (error) {
  const { message, code } = error as { message: string; code?: string }
  // an error loses its class on its way between threads
  const known = error instanceof KedgeError ? { details: { ...error.details }, todo: error.todo } : {}
  answer({ ok: false, message, code, ...known })
}
