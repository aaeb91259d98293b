import { type ReactNode, useState } from 'react'
import { Copy } from '../../../components/copy.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Panel } from '../../../components/panel.tsx'
import { count } from '../../../format/number.ts'
import classes from './run.module.css'

export interface Pair {
  key: string
  value: ReactNode
  /** what is searched and copied */
  text: string
}

const usual = 60

/** Keys and values with a filter; very many are shown when they are asked for. */
export function Pairs({ title, pairs, empty, note }: { title: string; pairs: Pair[]; empty: string; note?: string }) {
  const [filter, setFilter] = useState('')
  const [all, setAll] = useState(false)
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const found = pairs.filter(({ key, text }) => words.every((word) => `${key} ${text}`.toLowerCase().includes(word)))
  const shown = all ? found : found.slice(0, usual)
  return (
    <Panel
      title={title}
      note={pairs.length > 0 ? (note ?? count(pairs.length)) : undefined}
      actions={
        pairs.length > 8 && (
          <input
            type="search"
            className={classes.find}
            aria-label={`Find among ${title.toLowerCase()}`}
            placeholder="Find"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        )
      }
    >
      {pairs.length === 0 ? (
        <Empty title={empty} compact />
      ) : (
        <>
          <dl className={classes.pairs}>
            {shown.map(({ key, value, text }) => (
              <div key={key}>
                <dt title={key}>{key}</dt>
                <dd>
                  <span>{value}</span>
                  <Copy text={text} label={`Copy ${key}`} />
                </dd>
              </div>
            ))}
          </dl>
          {found.length === 0 && <span className="muted">Nothing fits.</span>}
          {found.length > shown.length && (
            <button type="button" className={classes.link} onClick={() => setAll(true)}>
              Show all {count(found.length)}
            </button>
          )}
        </>
      )}
    </Panel>
  )
}
