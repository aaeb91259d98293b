import { useMemo } from 'react'
import { parse } from 'yaml'
import { Facts } from '../../../components/facts.tsx'
import { Signature } from '../../models/signature.tsx'
import classes from './artifacts.module.css'

/** An `MLmodel` file: flavours, what made it, and its signature as a table. */
export default function ModelView({ text }: { text: string }) {
  const model = useMemo(() => {
    try {
      return parse(text) as Record<string, unknown> | null
    } catch {
      return null
    }
  }, [text])
  if (!model || typeof model !== 'object') return <pre className={classes.text}>{text}</pre>
  const flavours = Object.keys((model.flavors as object | undefined) ?? {})
  return (
    <>
      <Facts
        items={{
          Flavours: flavours.join(', ') || null,
          'Made by MLflow': (model.mlflow_version as string) ?? null,
          Made: (model.utc_time_created as string) ?? null,
        }}
      />
      <div style={{ height: 12 }} />
      {model.signature ? <Signature signature={model.signature} /> : <p className="muted">It has no signature.</p>}
      <details className={classes.details}>
        <summary>As it is written</summary>
        <pre className={classes.text}>{text}</pre>
      </details>
    </>
  )
}
