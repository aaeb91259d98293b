import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An empty directory and how to be rid of it. */
export function temporaryDirectory(name: string) {
  const path = mkdtempSync(join(tmpdir(), `kedge-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
