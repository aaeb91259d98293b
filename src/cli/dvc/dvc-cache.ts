import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'

export interface DvcCache {
  /** The file with a content; undefined when it is not on this machine. */
  find(md5: string): string | undefined
}

/** Where DVC keeps what it tracks on this machine: its cache, and remotes that are folders. */
export function openDvcCache(repository: string): DvcCache {
  const settings = ['config', 'config.local'].map((name) => join(repository, '.dvc', name))
  const text = settings.flatMap((path) => (existsSync(path) ? [readFileSync(path, 'utf8')] : [])).join('\n')
  const folders = [join(repository, '.dvc', 'cache')]
  for (const [section, entries] of sectionsOf(text)) {
    const place = section === 'cache' ? entries.dir : section.includes('remote') ? entries.url : undefined
    if (place === undefined || /^[a-z][a-z0-9+]+:\/\//i.test(place)) continue
    folders.push(isAbsolute(place) ? place : resolve(repository, '.dvc', place))
  }
  return {
    find(md5) {
      const inner = join(md5.slice(0, 2), md5.slice(2))
      return folders.flatMap((folder) => [join(folder, 'files', 'md5', inner), join(folder, inner)]).find(existsSync)
    },
  }
}

/** Sections of DVC's configuration, which is an INI file. */
function sectionsOf(text: string): [string, Record<string, string>][] {
  const sections: [string, Record<string, string>][] = []
  for (const line of text.split('\n')) {
    const head = /^\s*\[(.+)\]\s*$/.exec(line)
    if (head) sections.push([head[1]!, {}])
    const entry = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (entry && sections.length > 0) sections.at(-1)![1][entry[1]!] = entry[2]!
  }
  return sections
}

/** Whether a file has the MD5 that DVC knows it by; before version 3 it took CR LF of texts for LF. */
export async function hasMd5(path: string, md5: string, ofBytes: boolean): Promise<boolean> {
  const whole = createHash('md5')
  const text = createHash('md5')
  let held = false
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    whole.update(piece)
    if (ofBytes) continue
    const bytes: Buffer = held ? Buffer.concat([Buffer.from('\r'), piece]) : piece
    held = bytes.at(-1) === 13
    text.update(
      bytes
        .subarray(0, held ? -1 : undefined)
        .toString('latin1')
        .replaceAll('\r\n', '\n'),
      'latin1',
    )
  }
  if (held) text.update('\r')
  return whole.digest('hex') === md5 || (!ofBytes && text.digest('hex') === md5)
}

const listing = z.array(z.object({ md5: z.string(), relpath: z.string() }))

/** The files of a folder that DVC tracks as one, by its listing. */
export const filesOfListing = (path: string): { md5: string; relpath: string }[] =>
  listing.parse(JSON.parse(readFileSync(path, 'utf8')))
