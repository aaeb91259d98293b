import classes from './split-bar.module.css'

export interface Part {
  name: string
  /** percent */
  share: number
  shadow?: boolean
  colour: string
}

/** How the callers' predictions are split; shadows see copies and stand below. */
export function SplitBar({ parts }: { parts: Part[] }) {
  const serving = parts.filter((part) => !part.shadow && part.share > 0)
  const shadows = parts.filter((part) => part.shadow)
  return (
    <div className={classes.split}>
      <div
        className={classes.bar}
        role="img"
        aria-label={serving.map((part) => `${part.name} ${part.share} %`).join(', ') || 'No revision answers'}
      >
        {serving.map((part) => (
          <div
            key={part.name}
            style={{ flexGrow: part.share, background: part.colour }}
            title={`${part.name}: ${part.share} % of the callers' predictions`}
          >
            {part.share >= 12 && <span>{part.share} %</span>}
          </div>
        ))}
        {serving.length === 0 && <div className={classes.none}>no revision answers</div>}
      </div>
      {shadows.map((part) => (
        <div
          key={part.name}
          className={classes.shadow}
          style={{ borderColor: part.colour }}
          title={`${part.name} predicts on copies; callers never see its answers`}
        />
      ))}
      <div className={classes.legend}>
        {parts.map((part) => (
          <span key={part.name}>
            <i style={part.shadow ? { border: `1.5px dashed ${part.colour}` } : { background: part.colour }} />
            {part.name} <span className="muted">{part.shadow ? 'shadow' : `${part.share} %`}</span>
          </span>
        ))}
      </div>
    </div>
  )
}
