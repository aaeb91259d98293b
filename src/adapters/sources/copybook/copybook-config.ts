import { z } from 'zod'
import { codePageNames } from '../../../mainframe/code-page.ts'
import { dateForms, timeForms } from '../../../mainframe/date-forms.ts'
import type { DecodeOptions } from '../../../mainframe/decode-options.ts'
import type { RecordForm } from '../../../mainframe/record-form.ts'
import { fileSource, sideFile } from '../file-location.ts'

const ends = z.strictObject({
  bytes: z.number().int().min(0).default(0),
  records: z.number().int().min(0).max(1000).default(0),
})
const none = { bytes: 0, records: 0 }
const pivot = z.number().int().min(0).max(100).default(50).meta({
  description: 'years of two digits below it are 20.., the others 19..',
})

const columnForm = z.union([
  z.enum(['int', 'float', 'text']),
  z.strictObject({ date: z.enum(dateForms), pivot }),
  z.strictObject({ time: z.enum(timeForms), pivot }),
])

const rule = z.union([
  z.enum(['always', 'never']),
  z.strictObject({
    when: z.string().meta({ description: 'a field before it, or a level 88' }),
    is: z
      .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)])
      .optional()
      .meta({ description: 'values of the field' }),
  }),
])

const segment = z.strictObject({
  id: z.union([z.string().transform((id) => [id]), z.array(z.string()).min(1)]),
  under: z.string().optional().meta({ description: 'the segment it belongs to, whose columns its rows have too' }),
})

export const copybookConfig = fileSource(
  'copybook',
  {
    copybook: z
      .union([sideFile.path, sideFile.url, z.strictObject({ text: z.string().min(1).max(5_000_000) })])
      .meta({ description: 'the copybook: a file on the server, an address, or its text' }),
    format: z.enum(['fixed', 'free']).optional().meta({ description: 'of the copybook; found by looking when absent' }),
    library: z.string().optional().meta({ description: 'folder on the server with the copybooks that COPY names' }),
    members: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'files of single copybooks that COPY names' }),
    code_page: z.enum(codePageNames).default('037'),
    records: z.enum(['fixed', 'rdw', 'bdw']).default('fixed').meta({
      description: 'fixed length, with record descriptor words (V), with block descriptor words too (VB)',
    }),
    length: z
      .number()
      .int()
      .min(1)
      .optional()
      .meta({ description: 'of a fixed record; that of the copybook when absent' }),
    descriptor: z
      .strictObject({
        little_endian: z.boolean().default(false),
        excludes_itself: z.boolean().default(false).meta({ description: 'its four bytes do not count' }),
      })
      .default({ little_endian: false, excludes_itself: false }),
    header: ends.default(none).meta({ description: 'what is no data at the begin of the file' }),
    footer: ends.default(none).meta({ description: 'what is no data at its end' }),
    record: z.string().optional().meta({ description: 'the level 01 of the records, where the copybook has several' }),
    segments: z
      .strictObject({
        by: z.string().meta({ description: 'the field with the id of the segment' }),
        of: z.record(z.string(), segment).meta({ description: 'by level 01, or by group that redefines another' }),
        others: z.enum(['reject', 'skip']).default('reject'),
      })
      .optional(),
    rows: z.array(z.string()).min(1).optional().meta({ description: 'segments that become rows; all when absent' }),
    redefines: z
      .record(z.string(), rule)
      .default({})
      .meta({ description: 'which of items on the same bytes is there' }),
    explode: z.array(z.string()).max(10).default([]).meta({ description: 'tables whose occurrences become rows' }),
    columns: z.record(z.string(), columnForm).default({}).meta({ description: 'forms of columns, by their names' }),
    labels: z
      .union([z.boolean(), z.array(z.string())])
      .default(false)
      .meta({ description: 'columns with the names of level 88' }),
    floats: z.enum(['ibm', 'ieee']).default('ibm').meta({ description: 'COMP-1 and COMP-2' }),
    native_order: z
      .enum(['big', 'little'])
      .default('big')
      .meta({ description: 'byte order of COMP-5 and IEEE floats' }),
    decimal_comma: z.boolean().default(false).meta({ description: 'DECIMAL-POINT IS COMMA' }),
    trim: z.enum(['right', 'both', 'none']).default('right'),
    blank_numbers: z.enum(['null', 'reject']).default('null').meta({
      description: 'what numbers are whose bytes are all blank, LOW-VALUES or HIGH-VALUES',
    }),
  },
  { many: true },
)
  .refine((config) => config.rows === undefined || config.segments !== undefined, { message: 'rows needs segments' })
  .meta({ id: 'CopybookSource' })
export type CopybookConfig = z.output<typeof copybookConfig>

export const decodeOptions = (config: CopybookConfig): DecodeOptions => ({
  codePage: config.code_page,
  floats: config.floats,
  nativeOrder: config.native_order,
  trim: config.trim,
  blankNumbers: config.blank_numbers,
  decimalComma: config.decimal_comma,
  columns: config.columns,
  labels: config.labels,
  redefines: config.redefines,
  explode: config.explode,
  record: config.record,
  segments: config.segments,
  rows: config.rows,
})

/** `longest`: bytes of the copybook's record. */
export const recordForm = (config: CopybookConfig, longest: number): RecordForm => ({
  records: config.records,
  length: config.length ?? longest,
  littleEndian: config.descriptor.little_endian,
  excludesItself: config.descriptor.excludes_itself,
  header: config.header,
  footer: config.footer,
})
