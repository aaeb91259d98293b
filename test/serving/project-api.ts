import { readFile } from 'node:fs/promises'
import { fixtures } from './stand.ts'

export type ProjectApi = <T>(method: string, path: string, body?: unknown) => Promise<T>

/** Calls what is below a project's address and gives the answer; an answer that is an error is thrown. */
export const projectApi =
  (address: () => string): ProjectApi =>
  async <T>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${address()}/api/v1/projects/default${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

/** Declares an endpoint and deploys the fixture `delay-1` to it, as the command does. */
export async function deployDelay(address: string, name: string, spec: object): Promise<{ state: string }> {
  const files: Record<string, string> = {}
  for (const file of ['model.onnx', 'kedge-model.json']) {
    const answer = await fetch(`${address}/api/v1/projects/default/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: await readFile(`${fixtures}delay-1/${file}`),
    })
    files[file] = ((await answer.json()) as { digest: string }).digest
  }
  const api = projectApi(() => address)
  await api('PUT', `/endpoints/${name}`, { model: name, automatic: false, ...spec })
  return api('POST', '/deploy', { name, files })
}
