import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Python } from './find-python.ts'

const run = promisify(execFile)
/** Of Kedge's own environment, what an installer needs to reach its index. */
const passed =
  /^(PATH|HOME|LANG|LC_.*|TMPDIR|TZ|PIP_.*|UV_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|XDG_(CACHE|CONFIG)_HOME|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/

/**
 * The environment for installing packages. uv knows nothing of pip's settings, so what this machine's pip is told
 * (index, certificates, folders with packages) is said to uv in its own words, unless uv is told something itself.
 */
export async function installerSettings(
  python: Python,
  environment: Record<string, string | undefined>,
): Promise<Record<string, string>> {
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && passed.test(name)) settings[name] = value
  settings.PIP_DISABLE_PIP_VERSION_CHECK = '1'
  settings.PIP_NO_INPUT = '1'
  settings.PIP_ROOT_USER_ACTION = 'ignore'
  settings.PYTHONUNBUFFERED = '1'
  const pip = python.hasPip ? await pipSettings(python.path, settings) : new Map<string, string>()
  const tell = (name: string, value: string | undefined) => {
    if (value && settings[name] === undefined) settings[name] = value
  }
  tell('UV_DEFAULT_INDEX', settings.UV_INDEX_URL === undefined ? pip.get('index-url') : undefined)
  tell('UV_INDEX', pip.get('extra-index-url'))
  tell('UV_FIND_LINKS', pip.get('find-links'))
  tell('UV_NO_INDEX', pip.get('no-index'))
  tell('UV_INSECURE_HOST', pip.get('trusted-host'))
  tell('SSL_CERT_FILE', pip.get('cert'))
  tell('HTTPS_PROXY', pip.get('proxy'))
  tell('HTTP_PROXY', pip.get('proxy'))
  tell('UV_HTTP_TIMEOUT', pip.get('default-timeout') ?? pip.get('timeout'))
  // an interpreter is what Kedge has found, never one that uv would download
  settings.UV_PYTHON_DOWNLOADS = 'never'
  settings.UV_NO_CONFIG = '1'
  settings.UV_NO_PROGRESS = '1'
  return settings
}

/** What pip is told by its files and variables: the narrowest wins. Several values are joined by spaces. */
async function pipSettings(python: string, environment: Record<string, string>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  try {
    const { stdout } = await run(python, ['-m', 'pip', 'config', 'list'], { env: environment, timeout: 30_000 })
    const rank = (scope: string) => (scope === ':env:' ? 2 : scope === 'install' ? 1 : 0)
    const lines = stdout.split('\n').flatMap((line) => {
      const [, scope, key, value] = /^(.+?)\.([a-z-]+)='(.*)'$/.exec(line) ?? []
      return scope !== undefined && key !== undefined && value !== undefined ? [{ scope, key, value }] : []
    })
    for (const { key, value } of lines.sort((a, b) => rank(a.scope) - rank(b.scope)))
      found.set(
        key,
        value
          .split(/\\n|\s+/)
          .filter(Boolean)
          .join(' '),
      )
  } catch {
    // without them the installers' own defaults hold
  }
  return found
}
