import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KedgeError } from '../../errors.ts'

export interface FlightsExample {
  /** of its kedge.yaml, with the place of the data on this machine in it */
  text: string
  /** path of its kedge.yaml */
  path: string
}

const file = 'data/flights-3m.parquet'

/** The example that comes with Kedge. Errors: `not_found` when its data is not installed. */
export function flightsExample(cwd: string): FlightsExample {
  const root = packageRoot(dirname(fileURLToPath(import.meta.url)))
  const path = join(root, 'examples', 'flights', 'kedge.yaml')
  const data = [root, cwd].map((folder) => findData(join(folder, 'package.json'))).find((found) => found !== undefined)
  if (data === undefined)
    throw new KedgeError(
      'not_found',
      { kind: "The example's data", name: `vega-datasets/${file}` },
      { todo: 'Install it here: npm install vega-datasets@3.2.1' },
    )
  const text = readFileSync(path, 'utf8').replace(
    /^(\s*path:\s*).*flights-3m\.parquet\s*$/m,
    (_, start: string) => `${start}${JSON.stringify(data)}`,
  )
  return { text, path }
}

function findData(from: string): string | undefined {
  try {
    // the package exports no package.json, but its main file lies one folder below its root
    const main = createRequire(from).resolve('vega-datasets')
    const path = join(main.slice(0, main.lastIndexOf('vega-datasets') + 'vega-datasets'.length), file)
    return existsSync(path) ? path : undefined
  } catch {
    const path = join(dirname(from), 'node_modules', 'vega-datasets', file)
    return existsSync(path) ? path : undefined
  }
}

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  return packageRoot(dirname(folder))
}
