import type { Condition, CopybookItem, Usage } from './copybook-item.ts'
import { copybookError } from './copybook-tokens.ts'
import { type FieldType, fieldType } from './field-type.ts'

/** An item with its place in the record. Every table has its most occurrences in these places. */
export interface LayoutItem {
  level: number
  /** undefined: FILLER */
  name?: string
  line: number
  /** bytes from the begin of the record, of the first occurrence */
  offset: number
  /** bytes of one occurrence */
  size: number
  /** slack bytes before it (SYNCHRONIZED) */
  slack: number
  occurs?: { least: number; most: number; dependingOn?: string }
  redefines?: string
  /** of an elementary item */
  type?: FieldType
  /** PICTURE and USAGE in words */
  description: string
  renames?: boolean
  conditions: Condition[]
  children: LayoutItem[]
}

interface Inherited {
  usage?: Usage | undefined
  sign?: CopybookItem['sign'] | undefined
}

const most = 32 * 2 ** 20

/** Places every item of a record. Errors: `source_unreadable` names the line. */
export function layOut(record: CopybookItem): LayoutItem {
  const places = new Map<string, LayoutItem>()
  const root = place(record, 0, {}).item
  if (root.size > most) throw copybookError(record.line, `a record of ${root.size} bytes: ${most} are the most`)
  return root

  /** `boundary`: what occurrences must be a multiple of, so that items in the second one stand as in the first. */
  function place(item: CopybookItem, start: number, inherited: Inherited): { item: LayoutItem; boundary: number } {
    const shown = {
      level: item.level,
      line: item.line,
      ...(item.name === undefined ? {} : { name: item.name }),
      ...(item.occurs ? { occurs: item.occurs } : {}),
      ...(item.redefines ? { redefines: item.redefines } : {}),
      conditions: item.conditions,
    }
    const { usage = inherited.usage, sign = inherited.sign } = item
    if (item.children.length === 0) {
      const { type, size, boundary } = fieldType(item, inherited)
      const aligned = item.synchronized ? Math.ceil(start / boundary) * boundary : start
      const description = [item.picture?.text, usageName(item.usage ?? inherited.usage, item)].filter(Boolean).join(' ')
      const found = { ...shown, offset: aligned, size, slack: aligned - start, type, description, children: [] }
      remember(found)
      return { item: found, boundary: item.synchronized ? boundary : 1 }
    }
    if (item.picture) throw copybookError(item.line, `a PICTURE on ${item.name ?? 'FILLER'}, which has items below it`)
    const group: LayoutItem = { ...shown, offset: start, size: 0, slack: 0, description: 'group', children: [] }
    let cursor = start
    let boundary = 1
    for (const child of item.children) {
      if (child.renames) {
        group.children.push(renamed(child, group))
        continue
      }
      const original =
        child.redefines === undefined ? undefined : group.children.find((c) => c.name === child.redefines)
      if (child.redefines !== undefined && !original)
        throw copybookError(
          child.line,
          `${child.name ?? 'FILLER'} REDEFINES ${child.redefines}, which does not stand before it in the same group`,
        )
      const placed = place(child, original ? original.offset : cursor, { usage, sign })
      group.children.push(placed.item)
      boundary = Math.max(boundary, placed.boundary)
      const end = placed.item.offset + placed.item.size * (placed.item.occurs?.most ?? 1)
      cursor = Math.max(cursor, end)
    }
    if (group.occurs && boundary > 1) cursor = start + Math.ceil((cursor - start) / boundary) * boundary
    group.size = cursor - start
    remember(group)
    return { item: group, boundary }
  }

  function remember(item: LayoutItem) {
    if (item.name !== undefined && !places.has(item.name)) places.set(item.name, item)
  }

  function renamed(item: CopybookItem, group: LayoutItem): LayoutItem {
    const { from, through = from } = item.renames!
    const [first, last] = [places.get(from), places.get(through)]
    const missing = first ? (last ? undefined : through) : from
    if (missing !== undefined || !first || !last)
      throw copybookError(
        item.line,
        `${item.name} RENAMES ${missing}, which is no item of ${group.name ?? 'the record'}`,
      )
    const end = last.offset + last.size * (last.occurs?.most ?? 1)
    const single = first === last && first.type
    return {
      level: 66,
      line: item.line,
      ...(item.name === undefined ? {} : { name: item.name }),
      offset: first.offset,
      size: Math.max(0, end - first.offset),
      slack: 0,
      type: single || { kind: 'text' },
      description: single ? first.description : `X(${end - first.offset})`,
      renames: true,
      conditions: item.conditions,
      children: [],
    }
  }
}

const usageNames: Record<Usage, string> = {
  display: '',
  national: 'NATIONAL',
  double: 'DISPLAY-1',
  binary: 'COMP',
  'native binary': 'COMP-5',
  'short binary': 'COMP-X',
  packed: 'COMP-3',
  'packed without sign': 'COMP-6',
  float: 'COMP-1',
  'double float': 'COMP-2',
  index: 'INDEX',
  pointer: 'POINTER',
}
const usageName = (usage: Usage | undefined, { bytes, sign }: CopybookItem) =>
  [
    usage === undefined
      ? ''
      : bytes !== undefined && usage === 'native binary'
        ? `BINARY (${bytes})`
        : usageNames[usage],
    sign ? `SIGN ${sign.leading ? 'LEADING' : 'TRAILING'}${sign.separate ? ' SEPARATE' : ''}` : '',
  ]
    .filter(Boolean)
    .join(' ')
