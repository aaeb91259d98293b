import { useElementSize } from '@mantine/hooks'
import { measure } from '../format/number.ts'
import { niceTicks } from './nice-ticks.ts'
import classes from './scatter.module.css'

interface Point {
  x: number
  y: number
}

/** share of the points at each end of an axis that it need not show */
const beyond = 0.005
const edge = { left: 62, right: 14, top: 10, bottom: 40 }

/** Points with a line through parts of them and its band; `reference` is where they should lie. A few outliers lie on the edge. */
export function Scatter({
  points,
  line,
  reference,
  xName,
  yName,
  lineName,
  label,
  height = 300,
}: {
  points: Point[]
  /** rising by x */
  line: (Point & { low: number; high: number })[]
  reference: 'diagonal' | 'zero'
  xName: string
  yName: string
  lineName: string
  label: string
  height?: number
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const xs = rangeOf([...points.map(({ x }) => x), ...line.map(({ x }) => x)])
  const ys = rangeOf(
    [...points.map(({ y }) => y), ...line.flatMap(({ low, high }) => [low, high])],
    reference === 'zero',
  )
  const place = (value: number, [low, high]: [number, number], from: number, to: number) =>
    from + ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (to - from)
  const xOf = (x: number) => place(x, xs, edge.left, width - edge.right)
  const yOf = (y: number) => place(y, ys, height - edge.bottom, edge.top)
  const ends: [number, number] = [Math.max(xs[0], ys[0]), Math.min(xs[1], ys[1])]
  return (
    <figure className={classes.scatter} aria-label={label}>
      <figcaption className={classes.legend}>
        <span>
          <i className={classes.dot} /> a prediction
        </span>
        <span>
          <i className={classes.stroke} /> {lineName}
        </span>
      </figcaption>
      <div ref={ref} style={{ height }}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={`${label}: ${points.length} points`}>
            {niceTicks(...ys, 6).map((tick) => (
              <g key={tick}>
                <line x1={edge.left} x2={width - edge.right} y1={yOf(tick)} y2={yOf(tick)} className={classes.grid} />
                <text x={edge.left - 8} y={yOf(tick) + 3.5} textAnchor="end">
                  {measure(tick, 3)}
                </text>
              </g>
            ))}
            {niceTicks(...xs, Math.max(3, Math.floor(width / 110))).map((tick) => (
              <text key={tick} x={xOf(tick)} y={height - edge.bottom + 16} textAnchor="middle">
                {measure(tick, 3)}
              </text>
            ))}
            <text x={width - edge.right} y={height - 6} textAnchor="end">
              {xName}
            </text>
            {reference === 'zero' ? (
              <line x1={edge.left} x2={width - edge.right} y1={yOf(0)} y2={yOf(0)} className={classes.reference} />
            ) : (
              ends[1] > ends[0] && (
                <line
                  x1={xOf(ends[0])}
                  x2={xOf(ends[1])}
                  y1={yOf(ends[0])}
                  y2={yOf(ends[1])}
                  className={classes.reference}
                />
              )
            )}
            {points.map((point, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: points have no name
              <circle key={i} cx={xOf(point.x)} cy={yOf(point.y)} r={2.2} className={classes.point}>
                <title>{`${xName} ${measure(point.x)}, ${yName} ${measure(point.y)}`}</title>
              </circle>
            ))}
            <path
              className={classes.band}
              d={`M${[...line.map(({ x, high }) => `${xOf(x)},${yOf(high)}`), ...[...line].reverse().map(({ x, low }) => `${xOf(x)},${yOf(low)}`)].join('L')}Z`}
            />
            <path className={classes.line} d={`M${line.map(({ x, y }) => `${xOf(x)},${yOf(y)}`).join('L')}`} />
            {line.map(({ x, y, low, high }) => (
              <circle key={x} cx={xOf(x)} cy={yOf(y)} r={3.5} className={classes.mean}>
                <title>{`${xName} about ${measure(x)}: ${measure(y)}, ${measure(low)} to ${measure(high)}`}</title>
              </circle>
            ))}
          </svg>
        )}
      </div>
    </figure>
  )
}

function rangeOf(values: number[], withZero = false): [number, number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0
  let [low, high] = [at(beyond), at(1 - beyond)]
  if (withZero) [low, high] = [Math.min(0, low), Math.max(0, high)]
  const room = (high - low || Math.abs(high) || 1) * 0.04
  return [low - room, high + room]
}
