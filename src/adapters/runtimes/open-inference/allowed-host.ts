import { KedgeError } from '../../../errors.ts'

/**
 * A folder may name any address; called are only hosts that whoever runs Kedge has named (`HOST` or `HOST:PORT`, separated by
 * commas): whatever else is inside this network stays out of reach. Errors: `model_unloadable`.
 */
export function checkAllowedHost(url: string, allowed: string): void {
  const { hostname, port, protocol, username } = new URL(url)
  if (username !== '')
    throw new KedgeError('model_unloadable', { what: 'the url of its kedge-serve.json holds a user' })
  const host = hostname.toLowerCase()
  const full = `${host}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`
  const names = allowed.split(',').map((name) => name.trim().toLowerCase())
  if (!names.includes(host) && !names.includes(full))
    throw new KedgeError('model_unloadable', {
      what: `it is served at ${full}, and calls to that host are not allowed; KEDGE_MODEL_HOSTS names those that are`,
    })
}
