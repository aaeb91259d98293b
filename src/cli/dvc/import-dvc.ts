import { openAsBlob } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { asKedgeError } from '../../errors.ts'
import type { ApiClient } from '../api-client.ts'
import { waitForJob } from '../wait-for-job.ts'
import { filesOfListing, hasMd5, openDvcCache } from './dvc-cache.ts'
import { dvcHistory, type TrackedContent } from './dvc-history.ts'

export interface DvcReport {
  repository: string
  datasets: { dataset: string; path: string; created: number; present: number; tags: string[] }[]
  /** contents whose MD5 was found to be the one that DVC knows */
  verified: number
  /** tracked files that are no rows, and stay where they are */
  notRows: string[]
  problems: string[]
}

const kinds: Record<string, string> = {
  '.csv': 'csv', '.tsv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl', '.parquet': 'parquet', '.arrow': 'arrow', '.feather': 'arrow', '.avro': 'avro', '.orc': 'orc',
} // biome-ignore format: a table

interface Context {
  api: ApiClient
  project: string
  signal: AbortSignal
  progress(text: string): void
}

/** A dataset's name for a path: what cannot be in one becomes a dash. */
export const datasetNameOf = (path: string): string =>
  path
    .replace(/\.[^./]+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '')
    .slice(-63)
    .replace(/^[^a-z]+/, '') || 'data'

/** A tag of git as one of a dataset. */
const tagOf = (tag: string) => {
  const word = tag.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')
  return (/^[a-z]/.test(word) && word !== 'latest' ? word : `tag-${word}`).slice(0, 63)
}
const commitTag = (commit: string) => `git-${commit.slice(0, 12)}`

/**
 * Brings the history of a repository's tracked tables: each content becomes a version of the dataset of its path, in the
 * order of the commits, with these and git's tags as its tags. What is there is not sent again, so it can be interrupted.
 */
export async function importDvc(repository: string, context: Context): Promise<DvcReport> {
  const root = resolve(repository)
  const cache = openDvcCache(root)
  const report: DvcReport = { repository: root, datasets: [], verified: 0, notRows: [], problems: [] }
  const tables = new Map<string, TrackedContent[]>()
  for (const content of (await dvcHistory(root)).flatMap((one) => withinFolders(one, cache, report))) {
    if (!kinds[extname(content.path).toLowerCase()]) {
      if (!report.notRows.includes(content.path)) report.notRows.push(content.path)
      continue
    }
    const contents = tables.get(content.path) ?? []
    tables.set(content.path, contents)
    // a folder that has changed has most of its files as they were
    const same = contents.find(({ md5 }) => md5 === content.md5)
    if (same) {
      same.commits.push(...content.commits)
      same.tags.push(...content.tags)
    } else contents.push({ ...content, commits: [...content.commits], tags: [...content.tags] })
  }
  const taken = new Set<string>()
  for (const [path, contents] of tables) {
    let dataset = datasetNameOf(path)
    for (let i = 2; taken.has(dataset); i++) dataset = `${datasetNameOf(path).slice(0, 58)}-${i}`
    taken.add(dataset)
    report.datasets.push(await importTable(root, dataset, path, contents, cache, report, context))
  }
  return report
}

/** A folder that DVC tracks as one is the files in it. */
function withinFolders(
  content: TrackedContent,
  cache: ReturnType<typeof openDvcCache>,
  report: DvcReport,
): TrackedContent[] {
  if (!content.md5.endsWith('.dir')) return [content]
  const path = cache.find(content.md5)
  if (!path) {
    report.problems.push(`${content.path}: the listing ${content.md5} is not in the cache; run dvc fetch --all-commits`)
    return []
  }
  return filesOfListing(path).map(({ md5, relpath }) => ({ ...content, md5, path: `${content.path}/${relpath}` }))
}

async function importTable(
  root: string,
  dataset: string,
  path: string,
  contents: readonly TrackedContent[],
  cache: ReturnType<typeof openDvcCache>,
  report: DvcReport,
  { api, project, signal, progress }: Context,
): Promise<DvcReport['datasets'][number]> {
  const base = `/api/v1/projects/${encodeURIComponent(project)}`
  const kind = kinds[extname(path).toLowerCase()]!
  const of = `${base}/datasets/${dataset}`
  const known = new Map<string, number>()
  const versions = await api
    .get<{ items: { version: number; sources: { state: string }[] }[] }>(`${of}/versions`, { limit: 1000 })
    .catch(() => ({ items: [] }))
  for (const { version, sources } of versions.items) if (sources[0]) known.set(sources[0].state, version)
  const done = { dataset, path, created: 0, present: 0, tags: [] as string[] }
  for (const content of contents) {
    signal.throwIfAborted()
    const state = `md5:${content.md5}`
    let version = known.get(state)
    try {
      if (version === undefined) {
        const file = cache.find(content.md5)
        if (!file) throw new Error('is not in the cache; run dvc fetch --all-commits')
        progress(`${path} ${content.commits[0]!.slice(0, 8)} …`)
        if (!(await hasMd5(file, content.md5, content.ofBytes)))
          throw new Error(`its MD5 is not ${content.md5}: the cache is damaged`)
        report.verified++
        const { digest } = await api.upload<{ digest: string }>(`${base}/uploads`, await openAsBlob(file))
        const { jobId } = await api.send<{ jobId: number }>('POST', `${base}/dataset-imports`, {
          ...{ dataset, kind, blob: digest },
          origin: { tool: 'dvc', state, place: `${basename(root)}/${path}` },
          label: content.subject.slice(0, 500),
        })
        version = (await waitForJob<{ version: number }>(api, { project, jobId }, { what: path, signal, progress }))
          .version
        done.created++
      } else done.present++
      for (const tag of new Set([...content.commits.map(commitTag), ...content.tags.map(tagOf)])) {
        await api.send('PUT', `${of}/tags/${encodeURIComponent(tag)}`, { version })
        done.tags.push(tag)
      }
    } catch (error) {
      if (signal.aborted) throw error
      const known = asKedgeError(error)
      if (known.class === 'unavailable') throw error
      report.problems.push(
        `${path} ${content.md5}: ${known.code === 'internal' ? (error as Error).message : known.message}`,
      )
    }
  }
  // what is tracked there next is read from where it lies
  if (
    done.created > 0 &&
    !(await api.get(of).then(
      () => true,
      () => false,
    ))
  ) {
    await api.send('PUT', `${base}/sources/${dataset}`, { kind, path: resolve(root, path) }).catch(() => {})
    await api.send('PUT', of, { from: dataset }).catch(() => {})
  }
  return done
}
