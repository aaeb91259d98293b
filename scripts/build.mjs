// Builds what the package ships: `dist/` (Node strips no types below node_modules) and the pages.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { buildPages, node, root, run } from './install.mjs'

rmSync(join(root, 'dist'), { recursive: true, force: true })
const status = run(node, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '-p',
  join(root, 'tsconfig.build.json'),
])
if (status !== 0) process.exit(status)
buildPages()
