import { openAsBlob } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { deployAnswer, uploadAnswer } from '../../protocols/kedge/schemas/serving.ts'
import type { ApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'

type Deployed = z.output<typeof deployAnswer>

/** Adds `kedge deploy`. */
export function addDeploy(program: Command, act: Act): void {
  const command = program
    .command('deploy <model>')
    .description('Put a model on an endpoint: an ONNX file, a model folder (MLflow or Kedge), or models:/NAME@ALIAS')
    .requiredOption('--name <endpoint>', 'name of the endpoint; made when it does not exist')
    .addHelpText(
      'after',
      '\nExamples:\n  $ kedge deploy model.onnx --name delay\n  $ kedge deploy ./mlruns/…/model --name churn\n  $ kedge deploy models:/delay@champion --name delay',
    )
  act<{ name: string }>(command, async ({ api, terminal, world, project }, options, [model]) => {
    const base = `/api/v1/projects/${encodeURIComponent(project)}`
    const registered = /^models:\/(.+)$/.exec(model!)
    const what = registered
      ? { model: registered[1] }
      : { files: await uploadFiles(api, `${base}/uploads`, resolve(world.cwd, model!), terminal.progress) }
    await api.send('PUT', base)
    const deployed = await api.send<Deployed>('POST', `${base}/deploy`, { name: options.name, ...what })
    const curl = curlFor(deployed)
    terminal.answer({ ...deployed, curl }, () =>
      [
        `${deployed.endpoint}: version ${deployed.version} of ${deployed.model} is revision ${deployed.revision} (${deployed.state})`,
        '',
        ...(curl ? ['Try it:', `  ${curl}`] : []),
      ]
        .join('\n')
        .trimEnd(),
    )
    if (deployed.state === 'failed')
      throw new KedgeError(
        'conflict',
        { what: `The model cannot be loaded` },
        { todo: 'Look at the endpoint: `kedge status` and the log of the server say why.' },
      )
  })
}

/** Uploads a file, or every file of a folder; gives path in the model's folder → digest. */
async function uploadFiles(
  api: ApiClient,
  path: string,
  from: string,
  progress: (text: string) => void,
): Promise<Record<string, string>> {
  const found = await stat(from).catch((cause) => {
    throw new KedgeError(
      'not_found',
      { kind: 'The model', name: from },
      { cause, todo: 'Name an ONNX file, a model folder, or models:/NAME@ALIAS.' },
    )
  })
  const files = found.isDirectory() ? await filesIn(from) : [from]
  const digests: Record<string, string> = {}
  for (const file of files) {
    const name = found.isDirectory() ? relative(from, file).split(sep).join('/') : 'model.onnx'
    progress(`Uploading ${name} …`)
    const { digest } = await api.upload<z.output<typeof uploadAnswer>>(path, await openAsBlob(file))
    digests[name] = digest
  }
  return digests
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** A request that works as it is: with the names of the model's features where they are known. */
function curlFor({ endpoint, features, addresses }: Deployed): string | undefined {
  if (!addresses.http) return undefined
  if (!features) return `curl -s ${addresses.http}/v2/models/${encodeURIComponent(endpoint)}`
  const values = Object.fromEntries(features.map(({ name, type }) => [name, type === 'number' ? 1 : 'A']))
  const body = JSON.stringify({ instances: [{ features: values }] }).replaceAll("'", "'\\''")
  return `curl -s ${addresses.http}/endpoints/${encodeURIComponent(endpoint)}/predict -H 'content-type: application/json' -d '${body}'`
}
