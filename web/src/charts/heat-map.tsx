import classes from './heat-map.module.css'

export interface HeatCell {
  /** 0 (as the reference) to 1 (at the threshold) and beyond; null: not known */
  heat: number | null
  violated: boolean
  title: string
}

export interface HeatMapProps {
  rows: { name: string; cells: (HeatCell | undefined)[] }[]
  columns: string[]
  /** which columns have their name written */
  ticks: number[]
  selected?: { row: string; column: number } | undefined
  onPick(row: string, column: number): void
  label: string
}

/** Feature × window: the darker, the nearer to the threshold; beyond it in the colour of a violation. */
export function HeatMap({ rows, columns, ticks, selected, onPick, label }: HeatMapProps) {
  return (
    <div className={classes.scroll}>
      <table className={classes.map} aria-label={label}>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                <span className="clip">{row.name}</span>
              </th>
              {columns.map((column, i) => {
                const cell = row.cells[i]
                return (
                  <td key={column}>
                    <button
                      type="button"
                      aria-label={cell?.title ?? `${row.name}, ${column}: nothing known`}
                      title={cell?.title ?? `${column}: nothing known`}
                      disabled={!cell}
                      data-violated={cell?.violated || undefined}
                      data-unknown={cell?.heat == null || undefined}
                      aria-pressed={selected?.row === row.name && selected.column === i}
                      style={{ '--heat': `${Math.round(Math.min(1, cell?.heat ?? 0) * 100)}%` } as React.CSSProperties}
                      onClick={() => onPick(row.name, i)}
                    />
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            {columns.map((column, i) => (
              <td key={column} className={classes.tick}>
                {ticks.includes(i) && <span>{column}</span>}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
      <div className={classes.key}>
        <span>as the reference</span>
        <i />
        <span>at the threshold</span>
        <i data-violated />
        <span>violation</span>
        <i data-unknown />
        <span>too few samples</span>
      </div>
    </div>
  )
}
