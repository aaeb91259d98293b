import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Names under which MLflow's flavors, and people, keep a booster; MLflow 1 and 2 also below `data/`. */
const names = /^(model|booster)\.(lgb|txt|xgb|ubj|json|bst)$/
const largest = 512 * 2 ** 20

/** The files of a model folder that may hold a booster, in the order of their names. */
export async function* boosterFiles(folder: string): AsyncGenerator<Uint8Array> {
  for (const place of [folder, join(folder, 'data'), join(folder, 'artifacts')])
    for (const name of (await readdir(place).catch(() => [])).sort()) {
      if (!names.test(name)) continue
      const path = join(place, name)
      const { size } = await stat(path)
      if (size <= largest) yield await readFile(path)
    }
}
