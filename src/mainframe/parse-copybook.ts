// Over 200 lines: one function a clause of a data description.
import type { CopybookItem, Usage } from './copybook-item.ts'
import { copybookError, type Token } from './copybook-tokens.ts'
import { readPicture } from './picture.ts'

const usages: Record<string, Usage | { usage: Usage; bytes: number }> = {
  DISPLAY: 'display',
  'DISPLAY-1': 'double',
  NATIONAL: 'national',
  COMP: 'binary',
  'COMP-1': 'float',
  'COMP-2': 'double float',
  'COMP-3': 'packed',
  'COMP-4': 'binary',
  'COMP-5': 'native binary',
  'COMP-6': 'packed without sign',
  'COMP-X': 'short binary',
  BINARY: 'binary',
  'PACKED-DECIMAL': 'packed',
  'FLOAT-SHORT': 'float',
  'FLOAT-LONG': 'double float',
  INDEX: { usage: 'index', bytes: 4 },
  POINTER: { usage: 'pointer', bytes: 4 },
  'PROCEDURE-POINTER': { usage: 'pointer', bytes: 8 },
  'FUNCTION-POINTER': { usage: 'pointer', bytes: 4 },
  'OBJECT-REFERENCE': { usage: 'pointer', bytes: 4 },
  'BINARY-CHAR': { usage: 'native binary', bytes: 1 },
  'BINARY-SHORT': { usage: 'native binary', bytes: 2 },
  'BINARY-LONG': { usage: 'native binary', bytes: 4 },
  'BINARY-DOUBLE': { usage: 'native binary', bytes: 8 },
}

/** Words after which a clause's own words are over. */
const clauses =
  /^(REDEFINES|RENAMES|OCCURS|PIC|PICTURE|USAGE|SIGN|SYNC|SYNCHRONIZED|JUST|JUSTIFIED|BLANK|VALUE|VALUES|GLOBAL|EXTERNAL|LEADING|TRAILING)$/

/**
 * The records (levels 01 and 77, or what stands highest) that a copybook describes. What is no data description, such as
 * FD entries and headings of divisions, is passed over. Errors: `source_unreadable` names the line.
 */
export function parseCopybook(tokens: readonly Token[], options: { decimalComma?: boolean } = {}): CopybookItem[] {
  const roots: CopybookItem[] = []
  const open: CopybookItem[] = []
  for (const sentence of sentences(tokens)) {
    const [first] = sentence
    if (first?.kind !== 'word' || !/^\d{1,2}$/.test(first.text)) continue
    const item = readItem(sentence, options.decimalComma === true)
    if (item.level === 88) {
      const owner = open.at(-1)
      if (!owner) throw copybookError(item.line, 'a level 88 that belongs to no item')
      owner.conditions.push(...item.conditions)
      continue
    }
    if (item.level === 66) {
      if (!roots.at(-1)) throw copybookError(item.line, 'a level 66 without a record before it')
      roots.at(-1)!.children.push(item)
      continue
    }
    while (open.length > 0 && (open.at(-1)!.level >= item.level || item.level === 77)) open.pop()
    const parent = open.at(-1)
    if (parent?.picture) throw copybookError(item.line, `an item below ${parent.name ?? 'FILLER'}, which has a PICTURE`)
    ;(parent?.children ?? roots).push(item)
    open.push(item)
  }
  if (roots.length === 0) throw copybookError(tokens.at(-1)?.line ?? 1, 'no item: a level number, a name and a period')
  return roots[0]!.level > 1 && roots[0]!.level !== 77 ? [asRecord(roots)] : roots
}

/** A copybook that begins below level 01 is the inside of a record. */
const asRecord = (children: CopybookItem[]): CopybookItem => ({
  level: 1,
  name: 'RECORD',
  line: children[0]!.line,
  conditions: [],
  children,
})

function sentences(tokens: readonly Token[]): Token[][] {
  const found: Token[][] = [[]]
  for (const token of tokens)
    if (token.kind === 'end') found.push([])
    else found.at(-1)!.push(token)
  const last = found.pop()!
  if (last.length > 0 && /^\d\d?$/.test(last[0]!.text))
    throw copybookError(last[0]!.line, `no period after ${last.map((token) => token.text).join(' ')}`.slice(0, 120))
  return found
}

function readItem(tokens: readonly Token[], decimalComma: boolean): CopybookItem {
  const level = Number(tokens[0]!.text)
  const { line } = tokens[0]!
  if (!((level >= 1 && level <= 49) || level === 66 || level === 77 || level === 88))
    throw copybookError(line, `level ${level}: levels are 01 to 49, 66, 77 and 88`)
  let i = 1
  const word = (at = i) => (tokens[at]?.kind === 'word' ? tokens[at]!.text.toUpperCase() : '')
  const item: CopybookItem = { level, line, conditions: [], children: [] }
  if (word() !== '' && !clauses.test(word()) && !(word() in usages) && !/^COMPUTATIONAL/.test(word())) {
    if (word() !== 'FILLER') item.name = tokens[i]!.text.toUpperCase()
    i++
  }
  const takes = (...words: string[]) => words.includes(word()) && i++ >= 0
  const name = (clause: string) => {
    if (word() === '') throw copybookError(line, `${clause} without a name`)
    return tokens[i++]!.text.toUpperCase()
  }
  const number = (clause: string) => {
    if (!/^\d{1,9}$/.test(word())) throw copybookError(line, `${clause} without a number`)
    return Number(tokens[i++]!.text)
  }
  while (i < tokens.length) {
    const clause = word()
    i++
    switch (clause) {
      case 'REDEFINES':
        item.redefines = name(clause)
        break
      case 'RENAMES': {
        const from = qualified()
        item.renames = takes('THRU', 'THROUGH') ? { from, through: qualified() } : { from }
        break
      }
      case 'PIC':
      case 'PICTURE': {
        takes('IS')
        const text = tokens[i++]?.text ?? ''
        const picture = readPicture(text, decimalComma)
        if (!picture) throw copybookError(line, `PICTURE ${text}, which is none`)
        item.picture = { ...picture, text: text.toUpperCase() }
        break
      }
      case 'OCCURS':
        item.occurs = occurs()
        break
      case 'USAGE':
        takes('IS')
        usage(word(), true)
        i++
        break
      case 'SIGN':
      case 'LEADING':
      case 'TRAILING': {
        if (clause === 'SIGN') takes('IS')
        const leading = clause === 'LEADING' || (clause === 'SIGN' && word() === 'LEADING')
        if (clause === 'SIGN') takes('LEADING', 'TRAILING')
        const separate = takes('SEPARATE')
        if (separate) takes('CHARACTER')
        item.sign = { leading, separate }
        break
      }
      case 'SYNC':
      case 'SYNCHRONIZED':
        takes('LEFT', 'RIGHT')
        item.synchronized = true
        break
      case 'JUST':
      case 'JUSTIFIED':
        takes('RIGHT')
        break
      case 'BLANK':
        takes('WHEN')
        takes('ZERO', 'ZEROS', 'ZEROES')
        break
      case 'VALUE':
      case 'VALUES':
        takes('IS', 'ARE')
        if (level === 88) item.conditions.push({ name: item.name ?? '', values: values() })
        else i++
        break
      case 'WITH':
        break
      case 'NO':
        if (takes('SIGN') && item.usage === 'packed') item.usage = 'packed without sign'
        break
      case 'SIGNED':
      case 'UNSIGNED':
        item.unsigned = clause === 'UNSIGNED'
        break
      case 'IS':
        takes('GLOBAL', 'EXTERNAL')
        break
      case 'GLOBAL':
      case 'EXTERNAL':
      case 'UNALIGNED':
        break
      case 'GROUP-USAGE':
        takes('IS')
        usage(word(), true)
        i++
        break
      default:
        usage(clause, false)
    }
  }
  return item

  function usage(text: string, must: boolean) {
    const found = usages[text.replace(/^COMPUTATIONAL/, 'COMP')]
    if (found === undefined)
      throw copybookError(
        line,
        must ? `USAGE ${text}, which is none` : `"${text || tokens[i - 1]!.text}", which is no clause`,
      )
    if (typeof found === 'string') item.usage = found
    else Object.assign(item, found)
  }
  function qualified() {
    const found = name('RENAMES')
    while (takes('OF', 'IN')) name('RENAMES')
    return found
  }
  function occurs() {
    const first = number('OCCURS')
    const most = takes('TO') ? number('OCCURS') : first
    takes('TIMES')
    let dependingOn: string | undefined
    for (;;) {
      if (takes('DEPENDING')) {
        takes('ON')
        dependingOn = name('DEPENDING ON')
        while (takes('OF', 'IN')) name('DEPENDING ON')
      } else if (takes('ASCENDING', 'DESCENDING', 'INDEXED')) {
        takes('KEY')
        takes('IS', 'BY')
        while (
          word() !== '' &&
          !clauses.test(word()) &&
          !/^(ASCENDING|DESCENDING|INDEXED|DEPENDING)$/.test(word()) &&
          !(word() in usages) &&
          !/^COMPUTATIONAL/.test(word())
        )
          i++
      } else break
    }
    if (most < 1) throw copybookError(line, 'OCCURS 0')
    return dependingOn === undefined ? { least: most, most } : { least: first === most ? 0 : first, most, dependingOn }
  }
  function values() {
    const found: { from: string; to?: string }[] = []
    while (i < tokens.length && (tokens[i]!.kind === 'literal' || !clauses.test(word()))) {
      takes('ALL')
      if (i >= tokens.length) break
      const from = tokens[i++]!.text
      found.push(takes('THRU', 'THROUGH') ? { from, to: tokens[i++]?.text ?? '' } : { from })
    }
    return found
  }
}
