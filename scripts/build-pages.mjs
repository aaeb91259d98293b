import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { build } from 'vite'

const web = join(import.meta.dirname, '..', 'web')
const mark = join(web, 'dist', '.built-from')

function digest(folder, hash) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.name === 'dist' || entry.name === 'node_modules') continue
    if (entry.isDirectory()) digest(path, hash)
    else hash.update(entry.name).update(readFileSync(path))
  }
  return hash
}

const sources = digest(web, createHash('sha256').update(readFileSync(join(web, '..', 'package-lock.json')))).digest(
  'hex',
)
if (!(existsSync(mark) && readFileSync(mark, 'utf8') === sources)) {
  process.stderr.write('Building the pages …\n')
  await build({ root: web, configFile: join(web, 'vite.config.ts'), logLevel: 'warn' })
  writeFileSync(mark, sources)
}
