import { useElementSize } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import type { SampledExplanations } from '../../api/types.ts'
import { useQueryState } from '../../components/use-query-state.ts'
import { measure } from '../../format/number.ts'
import { signed, unitText, valueText } from './explanation-text.ts'
import classes from './explanations.module.css'
import { layOutSwarm } from './lay-out-swarm.ts'
import { valueColours } from './value-colour.ts'
import { ValueKey } from './value-key.tsx'

const most = 12
const rowHeight = 40
const nameWidth = 110

/** By feature a dot for every explained row: where its attribution lies, coloured by its value. */
export function Beeswarm({ sample, order }: { sample: SampledExplanations; order: readonly string[] }) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [, setTab] = useQueryState('tab', 'importance')
  const [, setId] = useQueryState('id')
  const [tip, setTip] = useState<{ x: number; y: number; feature: number; row: number }>()
  const shown = order.slice(0, most).map((name) => sample.features.indexOf(name))
  const room = Math.max(120, width - nameWidth - 12)
  const { rows } = sample
  const all = rows.flatMap(({ attributions }) => shown.map((j) => attributions[j]!))
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)]
  const at = (value: number) => nameWidth + ((value - low) / (high - low || 1)) * room
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scale follows from these
  const dots = useMemo(
    () =>
      shown.map((feature) => {
        const xs = rows.map(({ attributions }) => at(attributions[feature]!))
        return {
          xs,
          offsets: layOutSwarm(xs, 3, rowHeight / 2 - 4),
          colours: valueColours(rows.map(({ values }) => values[feature]!)),
        }
      }),
    [sample, order, width],
  )
  const height = shown.length * rowHeight + 22
  const pointed = tip && rows[tip.row]
  return (
    <div ref={ref} className={classes.frame}>
      {width > 0 && (
        <svg height={height} role="img" aria-label="Attributions of every explained prediction by feature">
          {[...new Set([low, 0, high])].map((value) =>
            value !== 0 && Math.abs(value) < 1e-12 ? null : (
              <g key={value}>
                <line
                  className={value === 0 ? classes.zero : classes.grid}
                  x1={at(value)}
                  x2={at(value)}
                  y1={0}
                  y2={height - 20}
                />
                <text x={at(value)} y={height - 6} textAnchor={value === high && value !== 0 ? 'end' : 'middle'}>
                  {measure(value, 2)}
                </text>
              </g>
            ),
          )}
          {dots.map(({ xs, offsets, colours }, k) => {
            const feature = shown[k]!
            const middle = k * rowHeight + rowHeight / 2
            return (
              <g key={sample.features[feature]}>
                <text className={classes.name} x={0} y={middle + 4}>
                  {short(sample.features[feature]!)}
                </text>
                {xs.map((x, row) => (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the predictions are in the endpoint's table too
                  <circle
                    key={`${rows[row]!.revision} ${rows[row]!.id}`}
                    className={classes.dot}
                    cx={x}
                    cy={middle + offsets[row]!}
                    r={3}
                    style={{ fill: colours[row] }}
                    onMouseEnter={() => setTip({ x, y: middle, feature, row })}
                    onMouseLeave={() => setTip(undefined)}
                    onClick={() => {
                      setId(rows[row]!.id)
                      setTab('prediction')
                    }}
                  />
                ))}
              </g>
            )
          })}
        </svg>
      )}
      {tip && pointed && (
        <div
          className={classes.tip}
          style={{ top: tip.y + 12, ...(tip.x > width / 2 ? { right: width - tip.x + 8 } : { left: tip.x + 8 }) }}
        >
          <b>{sample.features[tip.feature]}</b> {valueText(pointed.values[tip.feature])}
          <br />
          {signed(pointed.attributions[tip.feature]!)} {unitText(sample.definition!.unit)}
          <br />
          <span className="muted">
            {pointed.id}, score {measure(pointed.score, 3)}
          </span>
        </div>
      )}
      <div className={classes.key}>
        <ValueKey name="value" values={shown.flatMap((feature) => rows.map(({ values }) => values[feature]))} />
        <span>
          {rows.length} predictions
          {sample.withoutFeatures > 0 ? `, ${sample.withoutFeatures} more without features` : ''}
        </span>
      </div>
    </div>
  )
}

const short = (name: string) => (name.length > 16 ? `${name.slice(0, 15)}…` : name)
