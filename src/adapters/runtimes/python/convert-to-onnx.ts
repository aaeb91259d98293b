import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KedgeError } from '../../../errors.ts'
import { noTelemetry } from '../no-telemetry.ts'
import { converterSource } from './converter-source.ts'
import { modelEnvironment } from './model-environment.ts'

export interface ConvertOptions {
  /** interpreter that has what converting needs; absent: an environment of the model's own packages and the converters is built */
  python?: string | undefined
  environments?: string | undefined
  /** milliseconds */
  timeout: number
  /** bytes of data */
  memory: number
  print(line: string): void
}

export type Converted = { why: string } | { precision: 'float' | 'double'; tools: Record<string, string> }

const converters = ['skl2onnx==1.20.0', 'onnxmltools==1.16.0', 'onnx==1.23.2']
const limiter = promisify(execFile)('prlimit', ['--version']).then(
  () => true,
  () => false,
)

/**
 * Writes `model.onnx` into `target` from a folder that MLflow saved, in a Python process under limits, computing in the
 * given precision; or says why it cannot. Errors: `model_unloadable` when the environment cannot be built.
 */
export async function convertToOnnx(
  folder: string,
  target: string,
  precision: 'float' | 'double',
  { python, environments, timeout, memory, print }: ConvertOptions,
): Promise<Converted> {
  const interpreter = python ?? (await modelEnvironment(folder, environments, print, converters))
  const argv = [interpreter, '-c', converterSource, folder, join(target, 'model.onnx'), precision]
  if (await limiter) argv.unshift('prlimit', '--core=0', `--data=${memory}`)
  const said = await promisify(execFile)(argv[0]!, argv.slice(1), {
    cwd: target,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 24,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      ...noTelemetry,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PYTHONDONTWRITEBYTECODE: '1',
      OMP_NUM_THREADS: '1',
      MLFLOW_DISABLE_TELEMETRY: 'true',
    },
  }).catch((error: Error & { killed?: boolean; code?: number | string; stderr?: string }) => {
    if (error.code === 'ENOENT') throw new KedgeError('python_missing', {}, { cause: error })
    print(String(error.stderr ?? error.message).slice(-2000))
    return error.killed
      ? `it took longer than ${timeout / 1000} s`
      : `the converter ended (${error.code ?? 'a signal'})`
  })
  if (typeof said === 'string') return { why: said }
  try {
    return JSON.parse(said.stdout.trim().split('\n').at(-1)!) as Converted
  } catch {
    return { why: 'the converter said nothing' }
  }
}
