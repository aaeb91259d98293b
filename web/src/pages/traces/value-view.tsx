import { useState } from 'react'
import { Copy } from '../../components/copy.tsx'
import classes from './traces.module.css'

const most = 20_000

/** A value of a span: texts as they are, everything else as JSON. */
export function ValueView({ value, label }: { value: unknown; label: string }) {
  const [whole, setWhole] = useState(false)
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    <div className={classes.value}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long values scroll by keyboard */}
      <pre tabIndex={0} data-text={typeof value === 'string' || undefined}>
        {whole ? text : text.slice(0, most)}
      </pre>
      <Copy text={text} label={`Copy the ${label}`} />
      {!whole && text.length > most && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </div>
  )
}

/** Keys and values of a span, each value in one line unless it is long. */
export const Attributes = ({ attributes }: { attributes: Record<string, unknown> }) => (
  <dl className={classes.attributes}>
    {Object.entries(attributes).map(([key, value]) => (
      <div key={key}>
        <dt>{key}</dt>
        <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
      </div>
    ))}
  </dl>
)
