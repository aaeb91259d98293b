import { count, percent } from '../../../format/number.ts'
import classes from './performance.module.css'

export interface Cell {
  name?: string
  rows: number
  /** whether prediction and actual agree */
  right: boolean
}

/** Rows by what was, columns by what was predicted; a cell is a button that leads to its rows. Shades are shares of the row. */
export function ConfusionTable({
  columns,
  rows,
  label,
  selected,
  onPick,
}: {
  columns: string[]
  rows: { name: string; cells: (Cell & { key: string })[] }[]
  label: string
  selected: string
  onPick(key: string): void
}) {
  return (
    <div className={classes.scroll}>
      <table className={classes.confusion} aria-label={label}>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cells }) => {
            const all = cells.reduce((sum, cell) => sum + cell.rows, 0)
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell) => {
                  const share = all > 0 ? cell.rows / all : 0
                  return (
                    <td key={cell.key}>
                      <button
                        type="button"
                        aria-pressed={cell.key === selected}
                        title={`${percent(share)} of the ${count(all)} that are ${name}`}
                        disabled={cell.rows === 0}
                        onClick={() => onPick(cell.key)}
                        style={{
                          background: `color-mix(in srgb, var(${cell.right ? '--good' : '--bad'}) ${Math.round(share * 34)}%, var(--surface))`,
                        }}
                      >
                        <b className="number">{count(cell.rows)}</b>
                        <span>{cell.name ? `${cell.name}, ${percent(share)}` : percent(share)}</span>
                      </button>
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
