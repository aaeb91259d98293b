import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { datatypes, modelDescription } from '../../contracts/model-runtime.ts'
import { version } from '../../version.ts'

const specs = z.array(z.object({ name: z.string(), datatype: z.enum(datatypes), shape: z.array(z.number()) }))

/** What a node found out about a model when it loaded it first; with it the model is served without being loaded. */
const modelFacts = z.object({
  place: z.enum(['inline', 'thread', 'process']),
  /** calls that can run beside each other */
  parallel: z.number(),
  /** microseconds of a call by its rows; null when the model could not be called with plain rows */
  microseconds: z.record(z.string(), z.number()).nullable(),
  /** rows of one call at which a row costs least; null when calls stay whole */
  chunk: z.number().nullable(),
  loadMilliseconds: z.number(),
  /** of memory, as far as it can be told: its files, and what the process grew by */
  bytes: z.number(),
  /** rows on record that it answered as they are there, and the largest difference; null without any */
  verified: z.object({ rows: z.number(), largest: z.number() }).nullable(),
  inputs: specs,
  outputs: specs,
  description: modelDescription.optional(),
})

export type ModelFacts = z.output<typeof modelFacts>

export interface FactsStore {
  read(kind: string, artifact: string): Promise<ModelFacts | undefined>
  write(kind: string, artifact: string, facts: ModelFacts): Promise<void>
  /** Forgets all but these artifacts. */
  prune(keep: ReadonlySet<string>): Promise<void>
}

/** Facts as files of this machine: another one, or another version of Kedge, measures anew. */
export function createFactsStore(directory: string): FactsStore {
  const file = z.object({ kedge: z.literal(version), facts: modelFacts })
  const pathOf = (kind: string, artifact: string) => join(directory, `${artifact}.${kind}.json`)
  return {
    async read(kind, artifact) {
      try {
        return file.parse(JSON.parse(await readFile(pathOf(kind, artifact), 'utf8'))).facts
      } catch {
        return undefined
      }
    },
    async write(kind, artifact, facts) {
      const path = pathOf(kind, artifact)
      await mkdir(directory, { recursive: true })
      await writeFile(`${path}.new`, JSON.stringify({ kedge: version, facts }))
      await rename(`${path}.new`, path)
    },
    async prune(keep) {
      const names = await readdir(directory).catch(() => [])
      for (const name of names) if (!keep.has(name.split('.')[0]!)) await rm(join(directory, name), { force: true })
    },
  }
}
