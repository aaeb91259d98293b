import type { EndpointDetail, PredictionRow } from '../../api/types.ts'

export interface LogPlace {
  address: string
  project: string
  endpoint: string
  /** the token comes from KEDGE_TOKEN, so that none stands in code */
  secured: boolean
}

export interface LoggedExample {
  id: string
  features: Record<string, number | string>
  score?: number
  label?: string
}

type Way = 'curl' | 'Python' | 'a file'

/** A prediction as it could be logged: the features of the newest, or of the declaration, or made up. */
export function exampleLogged(
  { features, task }: Pick<EndpointDetail, 'features' | 'task'>,
  newest: Pick<PredictionRow, 'features' | 'score' | 'label'> | undefined,
): LoggedExample {
  const declared =
    features && Object.fromEntries(features.map(({ name, type }) => [name, type === 'number' ? 1.5 : 'a']))
  return {
    id: 'my-id-1',
    features: newest?.features ?? declared ?? { amount: 120.5, city: 'Chur' },
    ...(newest
      ? {
          ...(newest.score === null ? {} : { score: Number(newest.score.toPrecision(4)) }),
          ...(newest.label ? { label: newest.label } : {}),
        }
      : { score: task === 'regression' ? 310 : 0.83 }),
  }
}

const url = ({ address, project, endpoint }: LogPlace, what: string) =>
  `${address}/api/v1/projects/${encodeURIComponent(project)}/endpoints/${encodeURIComponent(endpoint)}/${what}`
const quoted = (value: unknown) => JSON.stringify(value, null, 2).replaceAll("'", "'\\''")
/** JSON of strings and numbers is Python already. */
const python = (value: unknown) => JSON.stringify(value, null, 4)

const curl = (place: LogPlace, what: string, items: unknown[]) => `curl ${url(place, what)} \\
  -H 'content-type: application/json' \\${place.secured ? '\n  -H "authorization: Bearer $KEDGE_TOKEN" \\' : ''}
  -d '${quoted(items)}'`

const inPython = (
  place: LogPlace,
  what: string,
  items: unknown[],
) => `import json, ${place.secured ? 'os, ' : ''}urllib.request
items = ${python(items)}
request = urllib.request.Request("${url(place, what)}", json.dumps(items).encode(),
    {"content-type": "application/json"${place.secured ? ', "authorization": "Bearer " + os.environ["KEDGE_TOKEN"]' : ''}})
print(json.load(urllib.request.urlopen(request)))`

const server = ({ address }: LogPlace) => (address === 'http://127.0.0.1:4700' ? '' : ` --url ${address}`)

/** How predictions are logged. */
export const logSnippets: Record<Way, (place: LogPlace, example: LoggedExample) => string> = {
  curl: (place, example) => curl(place, 'predictions', [example]),
  Python: (place, example) => inPython(place, 'predictions', [example]),
  'a file': (place) => `# Parquet, CSV, JSON Lines or Arrow; columns are found by their names
kedge log march.parquet --endpoint ${place.endpoint} --project ${place.project}${server(place)}

# only show how its columns are read
kedge log march.parquet --endpoint ${place.endpoint} --project ${place.project}${server(place)} --dry-run

# rows that all windows are compared with, for example those the model was trained on
kedge log training.parquet --endpoint ${place.endpoint} --project ${place.project}${server(place)} --reference`,
}

/** What may have happened: a class where classes are predicted, a number where numbers are. */
const actualOf = ({ id, score = 1, label }: LoggedExample) => ({ id, value: label ?? (score > 1 ? score : 1) })

/** How what really happened is sent. */
export const actualSnippets: Record<Way, (place: LogPlace, example: LoggedExample) => string> = {
  curl: (place, example) => curl(place, 'actuals', [actualOf(example)]),
  Python: (place, example) => inPython(place, 'actuals', [actualOf(example)]),
  'a file': (place) =>
    `kedge actuals outcomes.parquet --endpoint ${place.endpoint} --project ${place.project}${server(place)}`,
}
