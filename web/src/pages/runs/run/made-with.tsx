import type { RunDetail } from '../../../api/types.ts'
import { Copy, Digest, Snippet } from '../../../components/copy.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Facts } from '../../../components/facts.tsx'
import { Panel } from '../../../components/panel.tsx'
import { bytes, measure } from '../../../format/number.ts'
import { duration } from '../../../format/time.ts'

type Document = Record<string, unknown>

/** Fields of a run's answer that a server may not have. */
const part = (run: RunDetail, name: string): Document | undefined => {
  const value = (run as unknown as Document)[name]
  return value && typeof value === 'object' ? (value as Document) : undefined
}

const isBytes = /bytes$|memory/i
const isSeconds = /seconds$/i

function shown(key: string, value: unknown) {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'number')
    return isBytes.test(key) ? bytes(value) : isSeconds.test(key) ? duration(value * 1000) : measure(value)
  if (typeof value === 'string') return /^(sha256:)?[0-9a-f]{32,64}$/.test(value) ? <Digest value={value} /> : value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return <code>{JSON.stringify(value)}</code>
}

const words = (key: string) => {
  const text = key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  return text[0]!.toUpperCase() + text.slice(1)
}

const facts = (document: Document, without: string[] = []) =>
  Object.fromEntries(
    Object.entries(document)
      .filter(([key]) => !without.includes(key))
      .map(([key, value]) => [words(key), shown(key, value)]),
  )

/** Code, environment, resources and cost of a run: as the server metered them, else as the client told in its tags. */
export function MadeWith({ run }: { run: RunDetail }) {
  const code = part(run, 'code')
  const environment = part(run, 'environment')
  const resources = part(run, 'resources')
  const cost = part(run, 'cost')
  const diff = typeof code?.diff === 'string' ? code.diff : undefined
  const commit = run.tags['mlflow.source.git.commit']
  const told = {
    Source: run.tags['mlflow.source.name'] ?? null,
    Kind: run.tags['mlflow.source.type']?.toLowerCase() ?? null,
    Commit: commit ? (
      <span>
        <code>{commit.slice(0, 12)}</code>
        <Copy text={commit} label="Copy the commit" />
      </span>
    ) : null,
    Branch: run.tags['mlflow.source.git.branch'] ?? null,
    Repository: run.tags['mlflow.source.git.repoURL'] ?? null,
  }
  const nothing = !code && !environment && !resources && !cost && Object.values(told).every((value) => value === null)
  if (nothing) return null
  return (
    <Panel title="Made with">
      <Facts
        items={{
          ...told,
          ...(code ? facts(code, ['diff']) : {}),
          ...(environment ? facts(environment) : {}),
          ...(resources ? facts(resources) : {}),
          ...(cost
            ? Object.fromEntries(
                Object.entries(facts(cost)).map(([key, value]) => [
                  `Cost: ${key.toLowerCase()}`,
                  value && (
                    <Explained
                      key={key}
                      definition="Metered seconds of the resources, times their price in the project's price table."
                    >
                      {value}
                    </Explained>
                  ),
                ]),
              )
            : {}),
        }}
      />
      {diff && (
        <details style={{ marginTop: 10 }}>
          <summary className="muted">What was changed and not committed</summary>
          <Snippet text={diff} label="Copy the diff" />
        </details>
      )}
    </Panel>
  )
}
