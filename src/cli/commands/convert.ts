import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { conversionAnswer } from '../../protocols/kedge/schemas/registry.ts'
import type { Act } from '../context.ts'
import { waitForJob } from '../wait-for-job.ts'

type Conversion = z.output<typeof conversionAnswer>

/** Adds `kedge convert`. */
export function addConvert(program: Command, act: Act): void {
  const command = program
    .command('convert <version>')
    .description(
      'Convert a Python model (scikit-learn, LightGBM) to ONNX, and serve that when its answers are the same',
    )
    .addHelpText('after', '\nExample:\n  $ kedge convert delay/3')
  act(command, async ({ api, terminal, world, project }, _, [name]) => {
    const [, model, version] = /^(?:models:\/)?([^/]+)\/(\d+)$/.exec(name!) ?? []
    if (!model || !version)
      throw new KedgeError('invalid_input', { what: `"${name}" names no version: write NAME/VERSION` })
    const path = `/api/v1/projects/${encodeURIComponent(project)}/models/${encodeURIComponent(model)}/versions/${version}/conversion`
    const { jobId } = await api.send<{ jobId: number | null }>('POST', path)
    if (jobId !== null)
      await waitForJob(
        api,
        { project, jobId },
        { what: 'The conversion', signal: world.signal, progress: terminal.progress },
      )
    const { conversion } = await api.get<{ conversion: Conversion | null }>(path)
    terminal.answer(conversion, () => textOf(conversion))
  })
}

function textOf(conversion: Conversion | null): string {
  if (!conversion) return 'Another conversion of this version is on its way.'
  const { model, version, state, rows, source, largestDifference, tolerance, why } = conversion
  const compared =
    largestDifference === null
      ? ''
      : ` Largest difference on ${rows} rows (${source}): ${largestDifference}, tolerance ${tolerance}.`
  return state === 'converted'
    ? `Version ${version} of ${model} is served as ONNX from its next release on.${compared}`
    : `Version ${version} of ${model} stays in Python: ${why}.${compared}`
}
