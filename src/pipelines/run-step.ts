import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import type { Executor, StepOutcome } from '../contracts/executor.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { artifactRoot, joinPath } from '../tracking/artifact-path.ts'
import { diffArtifact } from './accounts.ts'
import { chooseExecutor } from './choose-executor.ts'
import type { CodeStates } from './code-state.ts'
import type { StoredFiles } from './declared-pipelines.ts'
import type { Environments } from './environments.ts'
import { hostFacts } from './host.ts'
import type { StepRecord } from './metered-steps.ts'
import { readModelFolder } from './model-folder.ts'
import type { DatasetsPart, RegistryPart, TrackingPart } from './neighbours.ts'
import { codeOf } from './pipeline-files.ts'
import type { PipelineRun, StepOutput } from './pipeline-run.ts'
import type { ParamValue, PipelineSpec, StepSpec } from './pipeline-spec.ts'
import type { Prices } from './price.ts'
import { type ResolvedInput, resolveInputs } from './resolve-inputs.ts'
import { stepDigest } from './step-digest.ts'
import { stepEnvironment } from './step-environment.ts'
import { stepFailure } from './step-failure.ts'
import { prepareFolder, storeOutputs } from './step-folder.ts'
import { type LogWriter, type StepLogs, throwLogFailure } from './step-log.ts'
import type { StepFacts, StepRecords } from './step-records.ts'

export interface StepContext {
  run: PipelineRun
  /** the pipeline as it was when the run was started */
  spec: PipelineSpec
  files: StoredFiles
  name: string
  /** of the steps that have ended */
  outputs: ReadonlyMap<string, StepOutput[]>
  signal: AbortSignal
}

export interface StepDependencies extends Pick<Environment, 'blobs' | 'dataDirectory'> {
  datasets: DatasetsPart
  executors: readonly Executor[]
  environments: Environments
  logs: StepLogs
  records: StepRecords
  tracking: TrackingPart
  registry: Pick<RegistryPart, 'check'>
  code: CodeStates
  prices: Prices
  /** where this machine reaches this server: `http://127.0.0.1:4700` */
  serverUrl(): string | undefined
  /** a token for a step's calls to this server */
  stepToken?(project: string): Promise<string>
}

interface Attempt extends Omit<StepContext, 'spec'> {
  pipeline: PipelineSpec
  spec: StepSpec
  attempt: number
  folder: string
  log: LogWriter
  params: Record<string, ParamValue>
}

/** How a step itself failed, in contrast to what keeps Kedge from running it and may be over at the next try. */
const isOwnFailure = (error: unknown): error is KedgeError =>
  error instanceof KedgeError &&
  !['internal', 'unavailable', 'overloaded'].includes(error.class) &&
  error.code !== 'cancelled'

/**
 * Brings one step to its end: finds its inputs, takes the outputs of an earlier equal step or runs it, stores what it
 * made. Errors: how the step failed, which is recorded then; or what keeps it from being run.
 */
export async function runStep(context: StepContext, deps: StepDependencies): Promise<StepOutput[]> {
  const { run, name, signal, spec: pipeline, ...rest } = context
  const spec = pipeline.steps[name]!
  const folder = join(deps.dataDirectory, 'pipeline-runs', String(run.id), name)
  const attempt = await deps.records.begin(run, name)
  const log = deps.logs.write(run.id, name)
  const params = { ...pipeline.params, ...spec.params, ...run.params }
  let outcome: StepOutcome | undefined
  try {
    if (attempt > 1) log.write(`[kedge] attempt ${attempt}: the one before was interrupted\n`)
    const ended = (how: StepOutcome) => {
      outcome = how
    }
    return await makeAttempt({ ...rest, run, name, signal, pipeline, spec, attempt, folder, log, params }, deps, ended)
  } catch (error) {
    signal.throwIfAborted()
    if (!isOwnFailure(error)) {
      log.write('[kedge] something else than the step failed; it is tried again\n')
      throw error
    }
    log.write(`[kedge] ${error.message}. ${error.todo}\n`)
    await deps.records.fail(run, name, attempt, error, { outcome, logDigest: await storeLog(run, name, deps) })
    throw error
  } finally {
    if (signal.aborted) log.write('[kedge] stopped\n')
    log.close()
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

async function makeAttempt(
  step: Attempt,
  deps: StepDependencies,
  ended: (outcome: StepOutcome) => void,
): Promise<StepOutput[]> {
  const { run, spec, name, log, signal, attempt } = step
  const resolved = await resolveInputs(spec, deps.datasets, {
    project: run.project,
    context: { actor: `pipeline_run/${run.id}`, ...(run.cause === null ? {} : { cause: run.cause }) },
    asOf: run.asOf ?? run.createdAt,
    outputs: step.outputs,
    signal,
    say: log.write,
  })
  const code: StoredFiles = Object.fromEntries(
    codeOf(spec, Object.keys(step.files)).map((path) => [path, step.files[path]!]),
  )
  const lock = await readLock(step, deps)
  const facts = await stepFacts(step, resolved, code, lock, deps)

  const earlier = run.force ? undefined : await deps.records.findEqual(run.project, facts.digest)
  if (earlier && (await allStored(earlier.outputs, deps))) {
    log.write(`[kedge] nothing has changed since pipeline run ${earlier.run}: its outputs are used\n`)
    await deps.records.skip(run, name, attempt, { ...facts, reusedRun: earlier.run, outputs: earlier.outputs })
    return earlier.outputs
  }

  const outcome = await execute(step, resolved, code, lock, facts, deps)
  ended(outcome)
  signal.throwIfAborted()
  throwLogFailure(log)
  const failure = stepFailure(outcome, name, spec)
  if (failure) throw failure
  const outputs = await storeOutputs(step.folder, name, spec, deps.blobs)
  const { register } = spec
  if (register) {
    const { digest } = outputs.find((one) => one.name === register.output)!
    const { kind } = await readModelFolder(digest, register.output, deps.blobs)
    await deps.registry.check?.(digest, kind)
  }
  await deps.records.succeed(run, name, attempt, { outputs, outcome, logDigest: await storeLog(run, name, deps) })
  return outputs
}

interface Lock {
  name: string
  text: string
}

async function readLock({ spec, files }: Attempt, { blobs }: StepDependencies): Promise<Lock | undefined> {
  if (!spec.environment) return undefined
  const name = spec.environment.python
  return { name, text: await text(await blobs.get(files[name]!.digest)) }
}

async function stepFacts(
  { run, spec, params }: Attempt,
  resolved: ResolvedInput[],
  code: StoredFiles,
  lock: Lock | undefined,
  deps: StepDependencies,
): Promise<StepFacts> {
  const inputs = resolved.map((one) => one.input)
  const codeDigest = createHash('sha256').update(JSON.stringify(code)).digest('hex')
  const environmentDigest = lock ? await deps.environments.digest(lock.name, lock.text) : null
  return {
    inputs,
    codeDigest,
    environmentDigest,
    digest: stepDigest({ spec, params, inputs, codeDigest, environmentDigest, asOf: run.asOf }),
  }
}

/** Runs the step's command in a fresh folder, with a run in tracking to log into. */
async function execute(
  step: Attempt,
  resolved: ResolvedInput[],
  code: StoredFiles,
  lock: Lock | undefined,
  facts: StepFacts,
  deps: StepDependencies,
): Promise<StepOutcome> {
  const { run, spec, name, log, signal, folder } = step
  const executor = await chooseExecutor(spec, deps.executors, log.write)
  const environment = lock && (await deps.environments.prepare(lock.name, lock.text, { signal, onOutput: log.write }))
  const inputs = await Promise.all(
    resolved.map(async ({ input, version }) =>
      version ? { input, file: await deps.datasets.localFile(version) } : { input },
    ),
  )
  const work = await prepareFolder(folder, { spec, code, inputs, linkInputs: executor.protectsInputs }, deps.blobs)
  const experiment = step.pipeline.experiment ?? run.pipeline
  const record = await recordOf(step, lock, facts, deps)
  const runId = await deps.records.start(run, name, step.attempt, {
    ...facts,
    executor: executor.kind,
    experiment: spec.track ? experiment : undefined,
    record,
  })
  if (runId !== null) await keepDiff(step, runId, record, deps)
  const server = deps.serverUrl()
  const tracking =
    runId === null || server === undefined
      ? undefined
      : { uri: `${server}/mlflow/${run.project}`, runId, experiment, token: await deps.stepToken?.(run.project) }
  const { cpus, memory, timeout, output, network } = spec.resources
  const outcome = await executor.run(
    {
      name: `${deps.dataDirectory}#${run.id}/${name}`,
      command: spec.run,
      folder,
      env: stepEnvironment({
        own: process.env,
        folder,
        declared: spec.env,
        paths: work.env,
        params: step.params,
        asOf: run.asOf,
        environment: environment?.env,
        tracking,
      }),
      readable: [...work.readable, ...(environment?.readable ?? [])],
      hidden: [deps.dataDirectory],
      network,
      serverPort: server === undefined ? undefined : Number(new URL(server).port || 80),
      limits: { cpus, memoryBytes: memory, timeoutMs: timeout, outputBytes: output },
    },
    { signal, onOutput: log.write },
  )
  if (environment) deps.environments.compileLater(environment)
  return outcome
}

/** Everything that a run is told by who did not write a line: its code, environment, machine and prices. */
async function recordOf(
  { run, spec, pipeline, files }: Attempt,
  lock: Lock | undefined,
  facts: StepFacts,
  { code, environments, prices }: StepDependencies,
): Promise<StepRecord> {
  return {
    code: (await code.of(run.project, run.pipeline, pipeline, files)) ?? null,
    environment:
      lock && facts.environmentDigest !== null
        ? { lockFile: lock.name, digest: facts.environmentDigest, python: await environments.python() }
        : null,
    host: await hostFacts(),
    limits: { cpus: spec.resources.cpus, memoryBytes: spec.resources.memory },
    prices,
  }
}

/** The differences to the commit lie among the run's artifacts. */
async function keepDiff(
  { run }: Attempt,
  runId: string,
  { code }: StepRecord,
  { tracking, blobs }: StepDependencies,
): Promise<void> {
  if (!code?.diff) return
  const { artifactUri } = await tracking.runs.get(run.project, runId)
  await tracking.artifacts.put(
    { actor: `pipeline_run/${run.id}` },
    run.project,
    joinPath(artifactRoot(artifactUri), diffArtifact),
    await buffer(await blobs.get(code.diff.digest)),
  )
}

async function allStored(outputs: StepOutput[], { blobs }: StepDependencies): Promise<boolean> {
  for (const { digest } of outputs) if (!(await blobs.stat(digest))) return false
  return true
}

const storeLog = async (run: PipelineRun, name: string, { logs, blobs }: StepDependencies) =>
  (await blobs.put(await logs.read(run.id, name))).digest
