// Writes docs/kedge.schema.json, the JSON Schema of kedge.yaml for editors, from the schema that validates it.
// With --check nothing is written; a stale file ends with exit code 1. Runs on Node 24 (strips types).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { channels } from '../src/adapters/channels/index.generated.ts'
import { expectations } from '../src/adapters/expectations/index.generated.ts'
import { operations } from '../src/adapters/operations/index.generated.ts'
import { sources } from '../src/adapters/sources/index.generated.ts'
import { streams } from '../src/adapters/streams/index.generated.ts'
import { asSource } from '../src/contracts/stream-source.ts'
import { projectFileSpec } from '../src/project-file/project-file-spec.ts'

const path = join(import.meta.dirname, '..', 'docs', 'kedge.schema.json')
const schema = z.toJSONSchema(
  projectFileSpec({ channels, expectations, operations, sources: [...sources, ...streams.map(asSource)] }),
  {
    io: 'input',
    unrepresentable: 'any',
  },
)
const text = `${JSON.stringify(schema, null, 2)}\n`
if (existsSync(path) && readFileSync(path, 'utf8') === text) process.exit(0)
if (process.argv.includes('--check')) {
  console.error('docs/kedge.schema.json is stale: run node_modules/.bin/node scripts/generate-schema.mjs')
  process.exit(1)
}
writeFileSync(path, text)
console.log('wrote docs/kedge.schema.json')
