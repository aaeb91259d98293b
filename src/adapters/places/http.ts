import { z } from 'zod'
import { defineFilePlace, type PlaceEnvironment } from '../../contracts/file-place.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { readOverHttp } from './http-read.ts'

const mostRedirects = 5

export default defineFilePlace({
  title: 'A server that speaks HTTP',
  schemes: ['https', 'http'],
  form: 'https://HOST/FILE',
  access: {
    headers: z
      .record(z.string().regex(/^[\w-]+$/), secretReference)
      .optional()
      .meta({ description: 'headers of each request, such as authorization; only for the host of the address' }),
  },
  async open({ url, shown }, { headers }, environment) {
    const own: Record<string, string> = {}
    for (const [name, reference] of Object.entries(headers ?? {})) own[name] = await environment.secret(reference)
    return {
      read: (_key, options) =>
        readOverHttp((asked) => follow(new URL(url), shown, { own, asked }, environment), shown, options),
    }
  },
})

/** Every hop is a request of its own, and guarded. */
async function follow(
  first: URL,
  shown: string,
  { own, asked }: { own: Record<string, string>; asked: Record<string, string> },
  { request }: PlaceEnvironment,
) {
  let url = first
  for (let hop = 0; hop <= mostRedirects; hop++) {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new KedgeError('source_refused', { source: shown, what: `it leads to ${url.protocol}` })
    if (url.username || url.password)
      throw new KedgeError('source_refused', { source: shown, what: 'an address may not hold a password' })
    // what is secret is for the host that it was declared for
    const answer = await request(url, { headers: { ...asked, ...(url.origin === first.origin ? own : {}) } })
    const location = answer.headers.get('location')
    if (answer.status < 300 || answer.status >= 400 || answer.status === 304 || location === null) return answer
    answer.body.destroy()
    url = new URL(location, url)
  }
  throw new KedgeError('source_refused', { source: shown, what: `it redirects more than ${mostRedirects} times` })
}
