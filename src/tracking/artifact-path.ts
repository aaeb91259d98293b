import { KedgeError } from '../errors.ts'

/**
 * A path of an artifact within its project: relative, with `/`, without anything that would climb out, as it arrives from
 * a caller who may have encoded it once more. Errors: `invalid_input`.
 */
export function artifactPath(path: string): string {
  const invalid = () => new KedgeError('invalid_input', { what: `Invalid path: ${JSON.stringify(path.slice(0, 200))}` })
  let decoded = path
  for (let i = 0; i < 5 && decoded.includes('%'); i++) {
    let next: string
    try {
      next = decodeURIComponent(decoded)
    } catch {
      break
    }
    if (next === decoded) break
    decoded = next
  }
  for (const form of [path, decoded]) {
    if (
      form.length > 2000 ||
      /[\\\p{Cc}]/u.test(form) ||
      form.startsWith('/') ||
      /^[A-Za-z]:/.test(form) ||
      /^[A-Za-z][\w+.-]*:\//.test(form)
    )
      throw invalid()
    if (form.split('/').some((part) => part === '..' || part === '.')) throw invalid()
  }
  const clean = path
    .split('/')
    .filter((part) => part !== '')
    .join('/')
  return clean
}

/** Errors: `invalid_input` for an address that would climb out of where it points, however it is encoded; `called` says what it is. */
export function checkAddress(address: string, called: string): void {
  let plain = address
  for (let i = 0; i < 10; i++) {
    let next: string
    try {
      next = decodeURIComponent(plain.replaceAll('+', ' '))
    } catch {
      break
    }
    if (next === plain) break
    plain = next
  }
  for (const form of [address, plain])
    if (
      form.length > 10_000 ||
      /\p{Cc}/u.test(form) ||
      form.split(/[/\\?#&]/).some((part) => part === '..' || part === '.')
    )
      throw new KedgeError('invalid_input', {
        what: `Invalid ${called}: '${address.slice(0, 200)}'. An address must not have relative parts.`,
      })
}

/** The path in the project that a `mlflow-artifacts:` address names. Errors: `unsupported` for another kind of address. */
export function artifactRoot(uri: string): string {
  const found = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/.exec(uri)
  if (!found) throw new KedgeError('unsupported', { what: `The artifact location ${uri.replace(/\/\/[^@/]*@/, '//')}` })
  return artifactPath(found[1]!.replace(/[?#].*$/, ''))
}

/** Joins the parts that are not empty by slashes. */
export const joinPath = (...parts: string[]): string => parts.filter((part) => part !== '').join('/')
