import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { KedgeError } from '../../errors.ts'
import type { World } from '../context.ts'
import { openMlflowDatabase } from './database-source.ts'
import { openMlflowFolder } from './folder-source.ts'
import { createMlflowClient, type MlflowClient } from './mlflow-client.ts'
import type { MlflowSource } from './mlflow-source.ts'
import { openMlflowServer } from './server-source.ts'

/** A client of the MLflow server at an address, with the credentials that MLflow's own clients take from the environment. */
export const mlflowClientOf = (url: string, { environment, signal, ...world }: World): MlflowClient =>
  createMlflowClient(url, {
    token: environment.MLFLOW_TRACKING_TOKEN,
    username: environment.MLFLOW_TRACKING_USERNAME,
    password: environment.MLFLOW_TRACKING_PASSWORD,
    signal,
    ...(world.fetch ? { fetch: world.fetch } : {}),
  })

/** Opens what a user names: the address of a server, an mlruns folder, a SQLite database; MLflow's own forms of each too. */
export function openMlflow(place: string, artifactFolders: readonly string[], world: World): MlflowSource {
  if (/^https?:\/\//.test(place)) return openMlflowServer(mlflowClientOf(place, world))
  const path = resolve(world.cwd, place.replace(/^sqlite:\/\/\//, '').replace(/^file:\/\//, ''))
  const folders = artifactFolders.map((folder) => resolve(world.cwd, folder))
  if (!existsSync(path)) throw new KedgeError('not_found', { kind: 'File or folder', name: path })
  if (statSync(path).isFile()) return openMlflowDatabase(path, folders)
  return openMlflowFolder(existsSync(join(path, 'mlruns')) ? join(path, 'mlruns') : path, folders)
}
