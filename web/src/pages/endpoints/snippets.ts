import type { EndpointDetail } from '../../api/types.ts'

export type Features = Record<string, number | string>

/** What callers send: the model's features, in place of those that are looked up the key. */
export function askedFeatures({ features, spec }: EndpointDetail): { name: string; type: 'number' | 'category' }[] {
  const { features: lookup } = spec
  if (!lookup || features === null) return features ?? []
  const own = features.filter(({ name }) => !lookup.columns?.includes(name) && name !== lookup.key)
  return lookup.key === undefined ? own : [{ name: lookup.key, type: 'category' }, ...own]
}

/** Values to start from: those of the newest prediction that are not on record masked, or empty ones of the right form. */
export const exampleInstance = (endpoint: EndpointDetail, newest: Features | undefined): Features =>
  Object.fromEntries(
    askedFeatures(endpoint).map(({ name, type }) => {
      const masked = Object.hasOwn(endpoint.spec.record.personal, name)
      const recorded = newest?.[name === endpoint.spec.features?.key ? '$key' : name]
      return [name, (masked ? undefined : recorded) ?? (type === 'number' ? 0 : '')]
    }),
  )

export const predictUrl = ({ addresses, project, name }: EndpointDetail) =>
  `${addresses.http ?? 'http://127.0.0.1:4701'}/projects/${encodeURIComponent(project)}/endpoints/${encodeURIComponent(name)}/predict`

const body = (features: Features) => ({ instances: [{ id: 'my-id-1', features }] })

/** Code that asks the endpoint. With `secured` the token comes from KEDGE_TOKEN, so that none stands in code. */
export const snippets: Record<
  'curl' | 'Python' | 'JavaScript',
  (endpoint: EndpointDetail, features: Features, secured?: boolean) => string
> = {
  curl: (endpoint, features, secured) => `curl ${predictUrl(endpoint)} \\
  -H 'content-type: application/json' \\${secured ? '\n  -H "authorization: Bearer $KEDGE_TOKEN" \\' : ''}
  -d '${JSON.stringify(body(features)).replaceAll("'", "'\\''")}'`,
  Python: (endpoint, features, secured) => `import json, ${secured ? 'os, ' : ''}urllib.request

body = ${python(body(features))}
request = urllib.request.Request(
    "${predictUrl(endpoint)}",
    json.dumps(body).encode(),
    {"content-type": "application/json"${secured ? ', "authorization": "Bearer " + os.environ["KEDGE_TOKEN"]' : ''}},
)
print(json.load(urllib.request.urlopen(request)))`,
  JavaScript: (endpoint, features, secured) => `const answer = await fetch('${predictUrl(endpoint)}', {
  method: 'POST',
  headers: { 'content-type': 'application/json'${secured ? ", authorization: 'Bearer ' + process.env.KEDGE_TOKEN" : ''} },
  body: JSON.stringify(${JSON.stringify(body(features), null, 2).replaceAll('\n', '\n  ')}),
})
console.log(await answer.json())`,
}

/** JSON of strings and numbers is Python already. */
const python = (value: unknown) => JSON.stringify(value, null, 4)
