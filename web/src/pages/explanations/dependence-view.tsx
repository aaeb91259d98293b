import { useElementSize } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { dependenceQuery, type ExplainedWindow } from '../../api/explanations.ts'
import type { Dependence, GlobalImportance } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { measure } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { coverage, signed, unitText, valueText } from './explanation-text.ts'
import classes from './explanations.module.css'
import { layOutSwarm } from './lay-out-swarm.ts'
import { valueColours } from './value-colour.ts'
import { ValueKey } from './value-key.tsx'

/** What a feature adds by its value; another feature colours the dots, so that interactions show. */
export function DependenceView({
  endpoint,
  window,
  found,
}: {
  endpoint: string
  window: ExplainedWindow
  found: GlobalImportance
}) {
  const project = useProject()
  const [wanted, setFeature] = useQueryState('feature')
  const [colour, setColour] = useQueryState('colour')
  const names = found.features.map(({ feature }) => feature)
  const feature = names.includes(wanted) ? wanted : names[0]!
  const other = names.includes(colour) ? colour : undefined
  const points = useQuery(dependenceQuery(project, endpoint, window, feature, other))
  return (
    <Panel
      title={`What ${feature} adds by its value`}
      note={coverage(found)}
      actions={
        <>
          <Select
            label="Feature"
            value={feature}
            onChange={setFeature}
            options={names.map((one) => ({ value: one, text: one }))}
          />
          <Select
            label="Coloured by"
            value={other ?? ''}
            onChange={setColour}
            options={[
              { value: '', text: 'nothing' },
              ...names.filter((one) => one !== feature).map((one) => ({ value: one, text: one })),
            ]}
          />
        </>
      }
    >
      <Load query={points}>
        {(answer) =>
          answer.points.length === 0 ? (
            <Empty title="The rows are gone" compact>
              Retention or an erasure has taken the features of the explained rows.
            </Empty>
          ) : (
            <Scatter answer={answer} />
          )
        }
      </Load>
    </Panel>
  )
}

const height = 320
const left = 58
const categories = 14

function Scatter({ answer }: { answer: Dependence }) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [, setTab] = useQueryState('tab', 'importance')
  const [, setId] = useQueryState('id')
  const [tip, setTip] = useState<{ x: number; y: number; point: Dependence['points'][number] }>()
  const picture = useMemo(() => (width > 0 ? lay(answer, width) : undefined), [answer, width])
  return (
    <div ref={ref} className={classes.frame}>
      {picture && (
        <svg height={height + 26} role="img" aria-label={`Attribution of ${answer.feature} by its value`}>
          {picture.yTicks.map(({ y, text, zero }) => (
            <g key={text}>
              <line className={zero ? classes.zero : classes.grid} x1={left} x2={width} y1={y} y2={y} />
              <text x={left - 8} y={y + 4} textAnchor="end">
                {text}
              </text>
            </g>
          ))}
          {picture.xTicks.map(({ x, text }) => (
            <text key={text} x={x} y={height + 18} textAnchor="middle">
              {text}
            </text>
          ))}
          {picture.dots.map(({ x, y, colour, point }) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the predictions are in the endpoint's table too
            <circle
              key={point.id}
              className={classes.dot}
              cx={x}
              cy={y}
              r={3}
              style={{ fill: colour }}
              onMouseEnter={() => setTip({ x, y, point })}
              onMouseLeave={() => setTip(undefined)}
              onClick={() => {
                setId(point.id)
                setTab('prediction')
              }}
            />
          ))}
        </svg>
      )}
      {tip && (
        <div
          className={classes.tip}
          style={{ top: tip.y + 10, ...(tip.x > width / 2 ? { right: width - tip.x + 8 } : { left: tip.x + 8 }) }}
        >
          <b>{answer.feature}</b> {valueText(tip.point.value)}
          <br />
          {signed(tip.point.attribution)} {unitText(answer.definition!.unit)}
          {answer.colour && (
            <>
              <br />
              {answer.colour} {valueText(tip.point.colour)}
            </>
          )}
          <br />
          <span className="muted">{tip.point.id}</span>
        </div>
      )}
      <div className={classes.key}>
        <span>{answer.points.length} predictions</span>
        {answer.colour && <ValueKey name={answer.colour} values={answer.points.map(({ colour }) => colour)} />}
      </div>
    </div>
  )
}

/** Numbers lie on their axis, categories (the commonest, then all others) in columns. */
function lay({ points, colour }: Dependence, width: number) {
  const room = width - left - 12
  const ys = points.map(({ attribution }) => attribution)
  const [low, high] = [Math.min(0, ...ys), Math.max(0, ...ys)]
  const yAt = (value: number) => 8 + (1 - (value - low) / (high - low || 1)) * (height - 16)
  const colours = colour ? valueColours(points.map((point) => point.colour)) : points.map(() => 'var(--series-1)')
  const yTicks = [high, low, 0].map((value) => ({
    y: yAt(value),
    text: measure(value, 2),
    zero: value === 0,
  }))
  const unique = yTicks.filter(({ text }, i) => yTicks.findIndex((one) => one.text === text) === i)

  const numbers = points.flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
  if (numbers.length > 0) {
    const [from, to] = [Math.min(...numbers), Math.max(...numbers)]
    const xAt = (value: number) => left + 6 + ((value - from) / (to - from || 1)) * room
    return {
      yTicks: unique,
      xTicks: [from, (from + to) / 2, to].map((value) => ({
        x: Math.min(width - 18, xAt(value)),
        text: measure(value, 3),
      })),
      dots: points.flatMap((point, i) =>
        typeof point.value === 'number'
          ? [{ x: xAt(point.value), y: yAt(point.attribution), colour: colours[i]!, point }]
          : [],
      ),
    }
  }
  const counts = Map.groupBy(points.keys(), (i) => String(points[i]!.value ?? ''))
  const groups = [...counts].sort(([, a], [, b]) => b.length - a.length)
  const shown = groups.slice(0, categories).map(([name, members]) => ({ name, members }))
  const others = groups.slice(categories).flatMap(([, members]) => members)
  if (others.length > 0) shown.push({ name: '… all others', members: others })
  const slot = room / shown.length
  return {
    yTicks: unique,
    xTicks: shown.map(({ name }, k) => ({
      x: left + 6 + slot * (k + 0.5),
      text: valueText(name).slice(0, Math.max(4, slot / 7)),
    })),
    dots: shown.flatMap(({ members }, k) => {
      const middle = left + 6 + slot * (k + 0.5)
      const aside = layOutSwarm(
        members.map((i) => yAt(ys[i]!)),
        3,
        slot / 2 - 6,
      )
      return members.map((i, m) => ({ x: middle + aside[m]!, y: yAt(ys[i]!), colour: colours[i]!, point: points[i]! }))
    }),
  }
}
