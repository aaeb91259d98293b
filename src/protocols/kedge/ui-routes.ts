import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/**
 * Styles are set on elements by the chart and the component libraries, so they may be inline; scripts may not.
 * `connect-src` is any address, because the page asks an endpoint on its own listener.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  'connect-src *',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const config = { permission: 'public' as const }
const hidden = { config, schema: { hide: true } as never }

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Kedge</title>
<h1>The pages are not built</h1><p>Run <code>npm run build</code> and load this page again. The API is at <a href="/docs">/docs</a>.</p>`

export interface UiRoutesOptions {
  /** where vite put the built pages; its files carry a digest in their name below `assets/` */
  directory: string
}

/** Serves the built pages: files by their path, and `index.html` for every address that the pages read by themselves. */
export async function uiRoutes(app: FastifyInstance, { directory }: UiRoutesOptions): Promise<void> {
  await app.register(fastifyStatic, { root: directory, serve: false, preCompressed: true, cacheControl: false })

  const page = async (reply: FastifyReply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-cache',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    })
    if (!existsSync(join(directory, 'index.html'))) return reply.status(503).type('text/html').send(notBuilt)
    return reply.sendFile('index.html')
  }
  for (const url of ['/', '/projects', '/projects/*']) app.get(url, hidden, (_request, reply) => page(reply))

  // the addresses that MLflow's client prints; what stands behind their # a browser takes along
  for (const url of ['/mlflow/:project', '/mlflow/:project/'])
    app.get(url, hidden, (request, reply) =>
      reply.redirect(`/projects/${encodeURIComponent((request.params as { project: string }).project)}`),
    )

  app.get('/assets/*', hidden, (request, reply) => {
    reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' })
    return reply.sendFile(`assets/${(request.params as { '*': string })['*']}`)
  })
  for (const file of ['theme.js', 'icon.svg'])
    app.get(`/${file}`, hidden, (_request, reply) => {
      reply.headers({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
      return reply.sendFile(file)
    })
}
