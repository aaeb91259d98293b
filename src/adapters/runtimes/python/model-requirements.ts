import { parse } from 'yaml'

/**
 * What to install for a model folder: its own requirements.txt, with MLflow's light package in place of the whole one
 * (no server is started there) and with what its pyfunc needs in any case.
 */
export function modelRequirements(text: string): string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.replace(/^mlflow(?=\s*(\[|[=<>!~;]|$))(\[[^\]]*\])?/i, 'mlflow-skinny'))
  const named = (name: string) => lines.some((line) => new RegExp(`^${name}(?![\\w.-])`, 'i').test(line))
  const needed = ['mlflow-skinny', 'pandas', 'numpy'].filter((name) => !named(name))
  return [...lines, ...needed]
}

/** What conda.yaml names, as pip takes it: its own packages and those below `pip:`; Python and pip themselves left out. */
export function condaRequirements(text: string): string {
  const document = parse(text) as { dependencies?: unknown } | null
  const list = Array.isArray(document?.dependencies) ? (document.dependencies as unknown[]) : []
  return list
    .flatMap((entry) => {
      if (typeof entry !== 'string') {
        const pip = (entry as { pip?: unknown } | null)?.pip
        return Array.isArray(pip) ? pip.filter((line) => typeof line === 'string') : []
      }
      const [, name, version] = /^(?:[\w.-]+::)?([\w.-]+)\s*(?:=+\s*([\w.*]+))?/.exec(entry) ?? []
      if (!name || ['python', 'pip', 'setuptools', 'wheel'].includes(name)) return []
      return [version ? `${name}==${version}` : name]
    })
    .join('\n')
}
