import type { DataKinds } from '../../../api/types.ts'
import { FilterField } from '../../../components/filter-field.tsx'
import classes from './connect.module.css'

type Kind = DataKinds['sources'][number]

/** Kinds by what a person calls the place; each kind says by itself where it belongs. */
const groups: [string, (kind: Kind) => boolean][] = [
  ['Streams', ({ stream }) => stream],
  ['Databases', ({ discovers, schema }) => discovers || has(schema, 'host', 'database', 'collection', 'keys')],
  ['Files and lakes', () => true],
]

const has = (schema: Kind['schema'], ...names: string[]) =>
  names.some((name) => name in ((schema.properties as object | undefined) ?? {}))

export function KindChoice({
  kinds,
  value,
  filter,
  onFilter,
  onChange,
}: {
  kinds: Kind[]
  value: string
  filter: string
  onFilter(text: string): void
  onChange(kind: string): void
}) {
  const wanted = kinds.filter(({ kind, title }) => `${kind} ${title}`.toLowerCase().includes(filter.toLowerCase()))
  const left = new Set(wanted)
  const grouped = groups.map(([title, is]) => {
    const own = [...left].filter(is)
    for (const kind of own) left.delete(kind)
    return [title, own] as const
  })
  return (
    <>
      <FilterField value={filter} onChange={onFilter} placeholder="Filter kinds of sources" />
      {wanted.length === 0 && <p className="muted">No kind of source is called so.</p>}
      {grouped
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(
          ([title, own]) =>
            own.length > 0 && (
              <section key={title} className={classes.kinds} aria-label={title}>
                <h3>{title}</h3>
                <div className={classes.cards}>
                  {own.map((one) => (
                    <button
                      key={one.kind}
                      type="button"
                      aria-pressed={one.kind === value}
                      onClick={() => onChange(one.kind)}
                    >
                      <b>{one.kind}</b>
                      <span>{one.title}</span>
                    </button>
                  ))}
                </div>
              </section>
            ),
        )}
    </>
  )
}
