import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { KedgeError } from '../../errors.ts'
import { codePageNames } from '../../mainframe/code-page.ts'
import { readColumn } from '../../mainframe/column-values.ts'
import { compileCopybook } from '../../mainframe/compile-copybook.ts'
import { decodeFile } from '../../mainframe/decode-file.ts'
import { type DecodeOptions, usualOptions } from '../../mainframe/decode-options.ts'
import { createRowDecoder } from '../../mainframe/decode-rows.ts'
import type { LayoutItem } from '../../mainframe/layout.ts'
import { makePlan } from '../../mainframe/make-plan.ts'
import { memberFiles } from '../../mainframe/member-files.ts'
import { checkFileSize } from '../../mainframe/record-form.ts'
import { faultReasons } from '../../mainframe/rows.ts'
import type { Act } from '../context.ts'
import { wholeNumber } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

interface Options {
  data?: string
  rows: number
  codePage: string
  records: 'fixed' | 'rdw' | 'bdw'
  record?: string
  library?: string
  format?: 'fixed' | 'free'
  floats: 'ibm' | 'ieee'
  nativeOrder: 'big' | 'little'
}

interface ShownItem {
  offset: number
  length: number
  level: number
  name: string
  type: string
}

/** Adds `kedge copybook`: looks at a copybook and a file beside the server, before they become a source. */
export function addCopybook(program: Command, act: Act): void {
  const copybook = program.command('copybook').description('Look at COBOL copybooks and files of a mainframe')
  const show = copybook
    .command('show <file>')
    .description('Print the layout that a copybook gives its records, and with --data the first records')
    .option('--data <file>', 'a file with such records')
    .option('--rows <n>', 'as many records', wholeNumber, 5)
    .addOption(new Option('--code-page <name>', 'of the file').choices(codePageNames).default('037'))
    .addOption(
      new Option('--records <form>', 'how records follow one another')
        .choices(['fixed', 'rdw', 'bdw'])
        .default('fixed'),
    )
    .option('--record <name>', 'the level 01 of the records, where the copybook has several')
    .option('--library <folder>', 'folder of what COPY names (default: that of the copybook)')
    .addOption(
      new Option('--format <form>', 'of the copybook; found by looking when absent').choices(['fixed', 'free']),
    )
    .addOption(new Option('--floats <form>', 'COMP-1 and COMP-2').choices(['ibm', 'ieee']).default('ibm'))
    .addOption(new Option('--native-order <order>', 'bytes of COMP-5').choices(['big', 'little']).default('big'))
    .addHelpText(
      'after',
      `
Examples:
  $ kedge copybook show customer.cpy
  $ kedge copybook show customer.cpy --data customer.ebcdic --code-page 273 --records rdw`,
    )
  act<Options>(show, async ({ terminal, world }, options, [file]) => {
    const path = resolve(world.cwd, file!)
    const library = options.library === undefined ? dirname(path) : resolve(world.cwd, options.library)
    const layout = await named(file!, async () =>
      compileCopybook(await readFile(path, 'latin1'), (name) => memberOf(library, name), options),
    )
    const { data } = options
    const rows = data === undefined ? [] : await named(data, () => decoded(layout, resolve(world.cwd, data), options))
    const records = layout.map((record) => itemsOf(record))
    terminal.answer({ records, ...(data === undefined ? {} : { rows }) }, () =>
      [...records.map((items) => tableOf(terminal, items)), ...rows.map(recordText)].join('\n\n'),
    )
  })
}

/** What is wrong with a file, by the name that the user gave it. */
async function named<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT')
      throw new KedgeError('not_found', { kind: 'The file', name }, { cause: error, todo: 'Check the path.' })
    if (!(error instanceof KedgeError) || error.details.source !== '') throw error
    throw new KedgeError(error.code, { ...error.details, source: name }, { cause: error, todo: error.todo })
  }
}

const tableOf = (terminal: Terminal, items: readonly ShownItem[]) =>
  terminal.table(
    ['offset', 'length', 'name', 'type'],
    items.map(({ offset, length, level, name, type }) => [
      offset,
      length,
      `${'  '.repeat(depthOf(items, level))}${String(level).padStart(2, '0')} ${name}`,
      type,
    ]),
  )

const recordText = (row: Record<string, unknown>, i: number) =>
  [`row ${i + 1}`, ...Object.entries(row).map(([name, value]) => `  ${name} ${value ?? '–'}`)].join('\n')

/** Levels may leave numbers out: how deep one is among those that are there. */
const depthOf = (items: readonly ShownItem[], level: number) =>
  [...new Set(items.map((item) => item.level))].filter((other) => other < level && level < 66).length

async function memberOf(folder: string, name: string): Promise<string> {
  for (const file of memberFiles(name))
    try {
      return await readFile(join(folder, file), 'latin1')
    } catch {
      // the next spelling may be there
    }
  throw new KedgeError(
    'not_found',
    { kind: 'The copybook', name },
    { todo: 'Name the folder it is in with --library.' },
  )
}

function itemsOf(item: LayoutItem): ShownItem[] {
  const { occurs, redefines } = item
  const more = [
    redefines === undefined ? '' : `redefines ${redefines}`,
    occurs === undefined
      ? ''
      : `occurs ${occurs.dependingOn === undefined ? occurs.most : `${occurs.least} to ${occurs.most} depending on ${occurs.dependingOn}`}`,
    ...item.conditions.map(
      ({ name, values }) =>
        `88 ${name}: ${values.map(({ from, to }) => (to === undefined ? from : `${from} to ${to}`)).join(', ')}`,
    ),
  ].filter(Boolean)
  const type = [item.description, ...more].join('; ')
  return [
    { offset: item.offset, length: item.size, level: item.level, name: item.name ?? 'FILLER', type },
    ...item.children.flatMap(itemsOf),
  ]
}

function decoded(layout: readonly LayoutItem[], path: string, options: Options): Record<string, unknown>[] {
  const { codePage, floats, nativeOrder, record } = options
  const given: DecodeOptions = {
    ...usualOptions,
    codePage,
    floats,
    nativeOrder,
    labels: true,
    ...(record ? { record } : {}),
  }
  const plan = makePlan(layout, given)
  const none = { bytes: 0, records: 0 }
  const form = {
    records: options.records,
    length: plan.longest,
    littleEndian: false,
    excludesItself: false,
    header: none,
    footer: none,
  }
  const rows: Record<string, unknown>[] = []
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    checkFileSize(size, form, plan.record)
    const read = (target: Uint8Array, at: number) => void readSync(file, target, 0, target.length, at)
    const decoder = createRowDecoder(plan, given)
    for (const { rows: batch } of decodeFile({ size, read, form, decoder, piece: 65_536 })) {
      const values = batch.columns.map((column) => readColumn(column, batch.count))
      for (let i = 0; i < batch.count && rows.length < options.rows; i++) {
        const row: Record<string, unknown> = {}
        for (const [j, { name }] of plan.columns.entries()) {
          const value = values[j]![i]
          row[name] = typeof value === 'bigint' ? String(value) : value
        }
        if (batch.fault[i] !== 0) row.cannot_be_read = faultReasons[batch.fault[i]!]
        rows.push(row)
      }
      if (rows.length >= options.rows) break
    }
  } finally {
    closeSync(file)
  }
  return rows
}
