import { dirname, join } from 'node:path'
import type { ParamValue } from './pipeline-spec.ts'
import { variableName } from './step-folder.ts'

/** Of Kedge's own environment, what every step sees: nothing that could be a secret. */
const passed =
  /^(LANG|LC_[A-Z]+|TZ|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|OPENBLAS_(CORETYPE|L2_SIZE)|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/

export interface StepEnvironmentParts {
  own: Record<string, string | undefined>
  folder: string
  declared: Record<string, string>
  /** paths of inputs and outputs */
  paths: Record<string, string>
  params: Record<string, ParamValue>
  asOf: number | null
  /** of the virtual environment */
  environment: Record<string, string> | undefined
  tracking: { uri: string; runId: string; experiment: string; token: string | undefined } | undefined
}

/** The whole environment of a step's command. */
export function stepEnvironment(parts: StepEnvironmentParts): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(parts.own)) if (value !== undefined && passed.test(name)) env[name] = value
  const temporary = join(parts.folder, '.tmp')
  Object.assign(env, {
    HOME: temporary,
    TMPDIR: temporary,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    MPLCONFIGDIR: temporary,
    GIT_PYTHON_REFRESH: 'quiet',
  })
  Object.assign(env, parts.declared, parts.environment, parts.paths)
  // Kedge's own Node comes last: one that the machine or the step offers is meant to be used
  env.PATH = [
    parts.environment?.PATH,
    parts.declared.PATH ?? parts.own.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    dirname(process.execPath),
  ]
    .filter(Boolean)
    .join(':')
  for (const [name, value] of Object.entries(parts.params)) env[`KEDGE_PARAM_${variableName(name)}`] = String(value)
  if (parts.asOf !== null) env.KEDGE_AS_OF = new Date(parts.asOf).toISOString()
  if (parts.tracking) {
    env.MLFLOW_TRACKING_URI = parts.tracking.uri
    env.MLFLOW_RUN_ID = parts.tracking.runId
    env.MLFLOW_EXPERIMENT_NAME = parts.tracking.experiment
    if (parts.tracking.token !== undefined) env.MLFLOW_TRACKING_TOKEN = parts.tracking.token
  }
  return env
}
