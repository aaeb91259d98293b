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
