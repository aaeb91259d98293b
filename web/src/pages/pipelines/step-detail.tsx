import { Link } from 'wouter'
import type { PipelineRun, PipelineStep } from '../../api/types.ts'
import { Digest } from '../../components/copy.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { bytes, measure } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import { StepLog } from './step-log.tsx'

/** A step of a run: what it read, what it made, what it used, and its log. */
export function StepDetail({ run, step }: { run: PipelineRun; step: PipelineStep }) {
  const to = useProjectPath()
  return (
    <div style={{ minWidth: 0 }}>
      <Panel title={step.name} note={step.reason && step.state !== 'succeeded' ? `ended by ${step.reason}` : undefined}>
        {step.error && (
          <p style={{ marginTop: 0 }}>
            <StateBadge state="failed" text={step.error.code} /> {step.error.message}.{' '}
            <span className="muted">{step.error.todo}</span>
          </p>
        )}
        <Facts
          items={{
            'Model version': step.modelVersion && (
              <>
                <Link
                  href={to('models', step.modelVersion.model, step.modelVersion.version)}
                >{`${step.modelVersion.model} ${step.modelVersion.version}`}</Link>
                {step.modelVersion.reused && <span className="muted"> (was there)</span>}
              </>
            ),
            'Logged run': step.trackingRun && (
              <Link href={to('runs', step.trackingRun)}>{step.trackingRun.slice(0, 8)}</Link>
            ),
            'Outputs of':
              step.reusedRun === null ? null : (
                <Link href={to('pipeline-runs', step.reusedRun)}>run {step.reusedRun}</Link>
              ),
            CPU: step.usage && (
              <Explained
                definition="Processor time of the step's processes, summed over cores."
                facts={{ 'Wall time': duration(step.usage.wallSeconds * 1000) }}
              >
                {measure(step.usage.cpuSeconds, 3)} s
              </Explained>
            ),
            'Peak memory': step.usage && (
              <Explained definition="The most memory that the step's processes held at once.">
                {bytes(step.usage.maxMemoryBytes)}
              </Explained>
            ),
            'Exit code': step.exitCode,
            Executor: step.executor,
            Code: step.codeDigest && <Digest value={step.codeDigest} />,
            Environment: step.environmentDigest && <Digest value={step.environmentDigest} />,
            Inputs:
              step.inputs.length === 0
                ? null
                : step.inputs.map((input) => (
                    <div key={input.name}>
                      {input.name}:{' '}
                      {input.dataset === undefined ? (
                        <span className="muted">
                          {input.step ? `${input.step}/${input.output}` : input.digest.slice(0, 12)}
                        </span>
                      ) : (
                        <Link
                          href={to('data', input.dataset, input.version!)}
                        >{`${input.dataset} ${input.version}`}</Link>
                      )}
                    </div>
                  )),
            Outputs:
              step.outputs.length === 0
                ? null
                : step.outputs.map((output) => (
                    <div key={output.name}>
                      {output.name} <span className="muted">{bytes(output.bytes)}</span>
                    </div>
                  )),
          }}
        />
      </Panel>
      <StepLog run={run.id} step={step} />
    </div>
  )
}
