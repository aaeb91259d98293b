// Over 300 lines: one walk over the record that keeps track of where everything is.
import { KedgeError } from '../errors.ts'
import { codePage } from './code-page.ts'
import { columnNames } from './column-names.ts'
import { storageOf } from './decode-field.ts'
import type { ColumnForm, DecodeOptions, Rule } from './decode-options.ts'
import type { LayoutItem } from './layout.ts'
import { mostColumns, type Place, type Plan, type PlanColumn, type Step } from './plan.ts'

interface Known extends Place {
  item: LayoutItem
  mask: number
}

const wrong = (what: string) => new KedgeError('invalid_input', { what })
const called = (item: LayoutItem) => item.name ?? 'FILLER'

/** Plans how records become rows. Errors: `invalid_input` names what of the options does not fit the copybook. */
export function makePlan(records: readonly LayoutItem[], options: DecodeOptions): Plan {
  codePage(options.codePage)
  const steps: Step[] = []
  /** done last, when it is known how many rows there are */
  const columnSteps: Step[] = []
  const columns: PlanColumn[] = []
  const taken = new Set<string>()
  const scope = new Map<string, Known>()
  const exploded: string[] = []
  /** the exploded tables around where the walk is */
  const within: string[] = []
  const explode = options.explode.map((name) => name.toUpperCase())
  const rules = new Map(Object.entries(options.redefines).map(([name, rule]) => [name.toUpperCase(), rule]))
  const forms = new Map(Object.entries(options.columns))
  const usedForms = new Set<string>()
  let anchors = 1
  let masks = 0
  let counts = 0
  let fixed = true
  /** the path of items above; a segment is left out where it is met */
  let segments = new Map<string, { mask: number; anchor: number }>()

  checkNames()
  const roots = recordsOf()
  const names = columnNames(roots)
  if (options.segments) planSegments()
  else walk(roots[0]!, { anchor: 0, offset: 0 }, -1, '')
  const unused = [...forms.keys()].find((name) => !usedForms.has(name))
  if (unused !== undefined)
    throw wrong(
      `columns: there is no column ${unused}; there are ${columns
        .slice(0, 30)
        .map((column) => column.name)
        .join(', ')}`,
    )
  const lost = explode.find((name) => !exploded.includes(name))
  if (lost !== undefined) throw wrong(`explode: ${lost} is no table (OCCURS) that is read`)
  if (columns.length === 0) throw wrong(`The record ${called(roots[0]!)} has no field with a name`)
  return {
    record: roots.map(called).join(', '),
    anchors,
    masks,
    counts,
    steps: [...steps, ...columnSteps],
    columns,
    longest: Math.max(...roots.map(({ size }) => size)),
    fixed,
  }

  function checkNames() {
    const all = new Map<string, LayoutItem>()
    const visit = (item: LayoutItem) => {
      if (item.name) all.set(item.name, item)
      item.children.forEach(visit)
    }
    records.forEach(visit)
    for (const name of rules.keys()) if (!all.has(name)) throw wrong(`redefines: the copybook has no ${name}`)
    if (Array.isArray(options.labels))
      for (const name of options.labels)
        if (!all.get(name.toUpperCase())?.conditions.length) throw wrong(`labels: ${name} has no level 88`)
  }

  function recordsOf(): LayoutItem[] {
    const wanted = options.record?.toUpperCase()
    if (wanted !== undefined) {
      const found = records.filter(({ name }) => name === wanted)
      if (found.length === 0)
        throw wrong(`record: the copybook has no record ${wanted}; it has ${records.map(called).join(', ')}`)
      return found.slice(0, 1)
    }
    if (records.length > 1 && !options.segments)
      throw wrong(
        `The copybook has ${records.length} records (${records.map(called).join(', ')}): choose one with record, or tell them apart with segments`,
      )
    return [...records]
  }

  /** Segments are records of their own, or groups that redefine one another in the one record. */
  function planSegments() {
    const { by, of, others } = options.segments!
    const listed = Object.entries(of).map(([name, segment]) => ({ ...segment, name: name.toUpperCase() }))
    const id = findItem(roots, by.toUpperCase())
    if (!id?.type) throw wrong(`segments: by names ${by}, which is no field of the copybook`)
    const index = (name: string) => listed.findIndex((segment) => segment.name === name.toUpperCase())
    const planned = listed.map((segment) => {
      const item = findItem(roots, segment.name)
      if (!item) throw wrong(`segments: the copybook has no ${segment.name}`)
      const under = segment.under === undefined ? -1 : index(segment.under)
      if (segment.under !== undefined && under < 0)
        throw wrong(`segments: ${segment.name} is under ${segment.under}, which is no segment`)
      return { name: segment.name, id: segment.id, mask: masks++, anchor: anchors++, under }
    })
    for (const [i] of planned.entries()) {
      let above = planned[i]!.under
      for (let depth = 0; above >= 0; depth++) {
        if (depth > planned.length) throw wrong(`segments: ${planned[i]!.name} is under itself`)
        above = planned[above]!.under
      }
    }
    const rows = (options.rows ?? listed.map(({ name }) => name)).map((name) => {
      if (index(name) < 0) throw wrong(`rows: ${name} is no segment`)
      return index(name)
    })
    steps.push({
      do: 'segments',
      field: { anchor: 0, offset: id.offset, type: id.type, size: id.size },
      of: planned,
      others,
      rows,
    })
    segments = new Map(planned.map(({ name, mask, anchor }) => [name, { mask, anchor }]))
    fixed = roots.length === 1
    for (const root of roots) {
      const own = segments.get(called(root))
      if (roots.length > 1 && !own) continue
      walk(root, { anchor: own?.anchor ?? 0, offset: 0 }, own?.mask ?? -1, '')
    }
  }

  /** Plans an item with all its occurrences; gives the place behind it. */
  function walk(item: LayoutItem, start: Place, mask: number, suffix: string): Place {
    const place = { anchor: start.anchor, offset: start.offset + item.slack }
    if (!item.occurs) return one(item, place, mask, suffix)
    const { most, least, dependingOn } = item.occurs
    const count = dependingOn === undefined ? -1 : readCount(item, dependingOn, least, most, mask)
    if (item.name !== undefined && explode.includes(item.name)) return explodeTable(item, place, mask, suffix, count)
    const movable = isMovable(item)
    let at: Place = place
    for (let i = 0; i < most; i++) {
      const own = count < 0 ? mask : hasMask(count, i, mask)
      const end = one(item, at, own, `${suffix}_${i + 1}`)
      // an occurrence that is not there takes no bytes
      if (movable && count >= 0) {
        const to = anchors++
        const from = { anchor: at.anchor, offset: at.offset }
        steps.push({ do: 'move', to, place: from, count: -1, size: 0, mask: -1 })
        steps.push({ do: 'move', to, place: end, count: -1, size: 0, mask: own })
        at = { anchor: to, offset: 0 }
      } else at = end
    }
    if (count < 0 || movable) return at
    fixed = false
    const to = anchors++
    steps.push({ do: 'move', to, place, count, size: item.size, mask: -1 })
    return { anchor: to, offset: 0 }
  }

  function readCount(item: LayoutItem, name: string, least: number, most: number, mask: number): number {
    fixed = false
    const known = scope.get(name)
    if (!known) throw wrong(`${called(item)} depends on ${name}, which does not stand before it`)
    const to = counts++
    steps.push({
      do: 'count',
      to,
      field: { anchor: known.anchor, offset: known.offset, type: known.item.type!, size: known.item.size },
      least,
      most,
      name,
      mask: mask >= 0 ? mask : known.mask,
    })
    return to
  }

  function hasMask(count: number, index: number, under: number): number {
    const to = masks++
    steps.push({ do: 'has', to, count, index, under })
    return to
  }

  /** One occurrence. */
  function one(item: LayoutItem, place: Place, mask: number, suffix: string): Place {
    if (item.type) {
      if (item.name !== undefined) {
        scope.set(item.name, { ...place, item, mask })
        addColumn(item, place, mask, suffix)
      }
      return { anchor: place.anchor, offset: place.offset + item.size }
    }
    const renames = item.children.filter((child) => child.renames)
    const children = item.children.filter((child) => !child.renames)
    let at = place
    for (let i = 0; i < children.length; ) {
      const group = [children[i]!]
      while (children[i + group.length]?.redefines !== undefined) group.push(children[i + group.length]!)
      i += group.length
      at =
        group.length === 1 && !segments.has(called(group[0]!))
          ? walk(group[0]!, at, mask, suffix)
          : alternatives(group, at, mask, suffix)
    }
    for (const child of renames)
      if (child.name !== undefined && child.type && rules.get(child.name) === 'always')
        addColumn(child, { anchor: place.anchor, offset: place.offset + child.offset - item.offset }, mask, suffix)
    // an occurrence is as long as its boundary wants
    return isMovable(item) ? at : { anchor: place.anchor, offset: place.offset + item.size }
  }

  /** Items on the same bytes: each where its rule holds, the first where no other rule does. */
  function alternatives(group: readonly LayoutItem[], place: Place, mask: number, suffix: string): Place {
    const matched: number[] = []
    const chosen = group.map((item, i) => {
      const segment = segments.get(called(item))
      if (segment) return { item, mask: segment.mask, anchor: segment.anchor }
      const rule: Rule | undefined = rules.get(called(item)) ?? (i > 0 ? 'never' : undefined)
      if (rule === 'never') return undefined
      if (rule === 'always') return { item, mask }
      if (rule === undefined) return { item, mask: -2 }
      const found = matchRule(item, rule, mask)
      matched.push(found)
      return { item, mask: found }
    })
    const size = Math.max(...group.map((item) => item.size * (item.occurs?.most ?? 1)))
    const origin = place.offset + group[0]!.slack
    const movable = group.find((item) => isMovable(item) || item.occurs?.dependingOn !== undefined)
    if (movable && group.length > 1 && !segments.has(called(movable)))
      throw wrong(
        `${called(movable)} has a table of changing length and shares its bytes with others, which is not offered`,
      )
    for (const choice of chosen) {
      if (!choice) continue
      let own = choice.mask
      if (own === -2) {
        own = mask
        if (matched.length > 0) {
          own = masks++
          steps.push({ do: 'otherwise', to: own, masks: matched, under: mask })
        }
      }
      const offset = choice.item === group[0] ? place.offset : origin
      const at = { anchor: choice.anchor ?? place.anchor, offset }
      walk(choice.item, at, own, suffix)
    }
    return { anchor: place.anchor, offset: origin + size }
  }

  function matchRule(item: LayoutItem, rule: Exclude<Rule, string>, under: number): number {
    const name = rule.when.toUpperCase()
    const to = masks++
    const direct = scope.get(name)
    if (direct) {
      if (rule.is === undefined)
        throw wrong(`redefines: the rule of ${called(item)} says nothing about what ${name} is`)
      const values = [rule.is].flat().map((value) => ({ from: String(value) }))
      steps.push({ do: 'match', to, field: fieldOf(direct), values, under })
      return to
    }
    for (const known of scope.values()) {
      const condition = known.item.conditions.find((found) => found.name === name)
      if (!condition) continue
      steps.push({ do: 'match', to, field: fieldOf(known), values: condition.values, under })
      return to
    }
    throw wrong(`redefines: the rule of ${called(item)} asks for ${name}, which is no field or level 88 before it`)
  }

  /** A row for each occurrence; what stands in the record beside the table is in all of them. */
  function explodeTable(item: LayoutItem, place: Place, mask: number, suffix: string, count: number): Place {
    if (exploded.includes(item.name!))
      throw wrong(`explode: ${item.name} is within a table itself, which must become rows too`)
    if (exploded.length > 0 && within.length === 0)
      throw wrong(`explode: ${item.name} is not within ${exploded.at(-1)}; only tables within one another become rows`)
    if (isMovable(item)) throw wrong(`explode: occurrences of ${item.name} have changing lengths, which is not offered`)
    exploded.push(item.name!)
    const most = item.occurs!.most
    let end: Place = { anchor: place.anchor, offset: place.offset + item.size * most }
    if (count >= 0) {
      const to = anchors++
      steps.push({ do: 'move', to, place, count, size: item.size, mask: -1 })
      end = { anchor: to, offset: 0 }
    }
    const anchor = anchors++
    const own = masks++
    steps.push({ do: 'explode', to: anchor, mask: own, count, most, place, size: item.size, under: mask })
    within.push(item.name!)
    one(item, { anchor, offset: 0 }, own, suffix)
    within.pop()
    return end
  }

  function addColumn(item: LayoutItem, place: Place, mask: number, suffix: string) {
    const base = names.get(item)!
    const name = unique(base + suffix)
    const form = formOf(item, name, base)
    if (item.type!.kind === 'opaque') return
    columns.push({ name, storage: storageOf(item.type!, form), form, title: `${item.name} ${item.description}`.trim() })
    if (columns.length > mostColumns)
      throw wrong(
        `The record has more than ${mostColumns} columns: make rows of its tables with explode, or read fewer of them`,
      )
    const field = { ...place, type: item.type!, size: item.size }
    columnSteps.push({ do: 'column', column: columns.length - 1, field, mask })
    const labelled = Array.isArray(options.labels)
      ? options.labels.some((label) => label.toUpperCase() === item.name)
      : options.labels && item.conditions.length > 0
    if (!labelled) return
    columns.push({ name: unique(`${name}_label`), storage: 'text', form: undefined, title: `level 88 of ${item.name}` })
    const labels = item.conditions.map((condition) => ({ name: condition.name, values: condition.values }))
    columnSteps.push({ do: 'label', column: columns.length - 1, field, labels, mask })
  }

  function formOf(item: LayoutItem, name: string, base: string): ColumnForm | undefined {
    for (const key of [name, base, item.name!]) {
      const form = forms.get(key)
      if (!form) continue
      usedForms.add(key)
      return form
    }
    return undefined
  }

  function unique(name: string): string {
    let found = name
    for (let i = 2; taken.has(found); i++) found = `${name}_${i}`
    taken.add(found)
    return found
  }
}

const fieldOf = ({ anchor, offset, item }: Known) => ({ anchor, offset, type: item.type!, size: item.size })

/** Whether the length of one occurrence differs from record to record. */
const isMovable = (item: LayoutItem): boolean =>
  item.children.some((child) => child.occurs?.dependingOn !== undefined || isMovable(child))

function findItem(items: readonly LayoutItem[], name: string): LayoutItem | undefined {
  for (const item of items) {
    const found = item.name === name ? item : findItem(item.children, name)
    if (found) return found
  }
  return undefined
}
