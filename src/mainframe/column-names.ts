import type { LayoutItem } from './layout.ts'

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9_]+/g, '_')

/**
 * A column's name for every elementary item that has a name: its own, with the groups above before it as far as that
 * makes it the only one.
 */
export function columnNames(records: readonly LayoutItem[]): Map<LayoutItem, string> {
  const paths = new Map<LayoutItem, string[]>()
  const walk = (item: LayoutItem, above: string[]) => {
    const path = item.name === undefined ? above : [...above, plain(item.name)]
    if (item.type && item.name !== undefined) paths.set(item, path)
    for (const child of item.children) walk(child, path)
  }
  for (const record of records) walk(record, [])
  const names = new Map<LayoutItem, string>()
  let open = [...paths.keys()]
  for (let depth = 1; open.length > 0; depth++) {
    const candidates = new Map<string, LayoutItem[]>()
    for (const item of open) {
      const name = paths.get(item)!.slice(-depth).join('_')
      candidates.set(name, [...(candidates.get(name) ?? []), item])
    }
    open = []
    const used = new Set(names.values())
    for (const [name, items] of candidates)
      if (items.length === 1 && !used.has(name)) names.set(items[0]!, name)
      else
        for (const [i, item] of items.entries())
          if (paths.get(item)!.length > depth) open.push(item)
          // no group is left to tell them apart
          else names.set(item, used.has(name) || i > 0 ? `${name}_at_${item.offset}_${i}` : name)
  }
  return names
}
