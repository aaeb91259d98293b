import type { Connection } from './http-client.ts'

export interface Point {
  value: number
  step: number
  timestamp: number
}

interface RunAnswer {
  info: { run_id: string; run_name: string }
  data: {
    params?: { key: string; value: string }[]
    tags?: { key: string; value: string }[]
    metrics?: (Point & { key: string })[]
  }
}

/** The answer's body; throws at any status but 200. */
export async function ask(connection: Connection, method: 'GET' | 'POST', path: string, body?: unknown) {
  const answer = await connection.send(
    method,
    `/api/2.0/mlflow/${path}`,
    typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  )
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.toString().slice(0, 300)}`)
  // biome-ignore lint/suspicious/noExplicitAny: the form is the caller's
  return JSON.parse(answer.body.toString()) as any
}

/** All points of a metric, in pages as the Python client asks for them. */
export async function readHistory(connection: Connection, run: string, key: string): Promise<Point[]> {
  const points: Point[] = []
  let token = ''
  do {
    const page = await ask(
      connection,
      'GET',
      `metrics/get-history?run_id=${run}&metric_key=${key}&max_results=25000${token && `&page_token=${encodeURIComponent(token)}`}`,
    )
    for (const point of page.metrics ?? []) points.push(point)
    token = page.next_page_token ?? ''
  } while (token)
  return points
}

/** Every run of an experiment, page by page. */
export async function readRuns(connection: Connection, experiment: string): Promise<RunAnswer[]> {
  const runs: RunAnswer[] = []
  let token = ''
  do {
    const page = await ask(connection, 'POST', 'runs/search', {
      experiment_ids: [experiment],
      max_results: 10_000,
      ...(token ? { page_token: token } : {}),
    })
    for (const run of page.runs ?? []) runs.push(run)
    token = page.next_page_token ?? ''
  } while (token)
  return runs
}

/** What a run has, in a form that two servers share: their ids and times of creation differ. */
export const comparable = (run: RunAnswer) => ({
  name: run.info.run_name,
  params: byKey(run.data.params),
  tags: byKey(run.data.tags),
  metrics: byKey(run.data.metrics),
})

function byKey<Item extends { key: string }>(items: readonly Item[] = []): Item[] {
  return [...items].sort((a, b) => (a.key < b.key ? -1 : 1))
}
