/** A prediction as it is taken into the events store, without the endpoint. */
export interface RecordedLine {
  id: string
  time: number
  receivedAt: number
  revision: number
  shadow: boolean
  caller: string
  latencyUs: number
  features: Record<string, number | string | null>
  score: number | null
  label: string
}

/**
 * A request in Kedge's own form and its answer, recorded as they went over the wire: nothing is encoded twice, so that
 * recording a batch costs a copy. Control makes rows of it.
 */
export interface RecordedExchange {
  project: string
  endpoint: string
  /** names of the features by number of revision; 1 for a number, 0 for a category */
  signatures: Record<string, [name: string, number: 0 | 1][]>
  receivedAt: number
  latencyUs: number
  request: { instances: { time?: number | null; features: Record<string, unknown> }[] }
  answer: { predictions: { id: string; score: number | null; label: string | null; revision: number }[] }
}

/** The start of an exchange's line; the rest is `exchangeLine`. */
export const exchangeHead = (of: Pick<RecordedExchange, 'project' | 'endpoint' | 'signatures'>): string =>
  `${JSON.stringify(of).slice(0, -1)},"receivedAt":`

/** `request` and `answer` are JSON without line feeds. */
export const exchangeLine = (
  head: string,
  receivedAt: number,
  latencyUs: number,
  request: string,
  answer: string,
): string => `${head}${receivedAt},"latencyUs":${latencyUs},"request":${request},"answer":${answer}}\n`

/** The rows of an exchange, as the signature had read them. */
export function rowsOfExchange({
  signatures,
  receivedAt,
  latencyUs,
  request,
  answer,
}: RecordedExchange): RecordedLine[] {
  return answer.predictions.map(({ id, score, label, revision }, i) => {
    const instance = request.instances[i]!
    const features: RecordedLine['features'] = {}
    for (const [name, number] of signatures[revision] ?? []) {
      const value = instance.features[name]
      features[name] = value === null || value === '' ? null : number ? (value as number) : String(value)
    }
    const time = typeof instance.time === 'number' ? Math.round(instance.time) : receivedAt
    return { id, time, receivedAt, revision, shadow: false, caller: '', latencyUs, score, label: label ?? '', features }
  })
}
