import { convertExcel } from '../excel/convert-excel.ts'
import { answerWork } from '../thread-answer.ts'
import { convertXml } from '../xml/convert-xml.ts'
import type { Conversion, Converted } from './conversion.ts'

const converters: Record<string, (work: Conversion) => Promise<Converted>> = { excel: convertExcel, xml: convertXml }

await answerWork((work: Conversion) => converters[work.kind]!(work))
