import type { PipelineStep } from '../../api/types.ts'
import { toneOf } from '../../components/state-badge.tsx'
import classes from './pipelines.module.css'

/** The steps of a run as small blocks in the colour of their state. */
export const StepStrip = ({ steps }: { steps: PipelineStep[] }) => (
  <span className={classes.strip}>
    {[...steps]
      .sort((a, b) => a.position - b.position)
      .map((step) => (
        <span
          key={step.name}
          data-tone={step.state === 'skipped' ? 'idle' : step.state === 'queued' ? 'none' : toneOf(step.state)}
          title={`${step.name}: ${step.state}`}
        >
          {step.name}
        </span>
      ))}
  </span>
)
