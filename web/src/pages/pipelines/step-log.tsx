import { useEffect, useRef, useState } from 'react'
import { eventStream } from '../../api/event-stream.ts'
import { stepLogUrl } from '../../api/pipelines.ts'
import type { PipelineStep } from '../../api/types.ts'
import { Copy } from '../../components/copy.tsx'
import { Panel } from '../../components/panel.tsx'
import { useProject } from '../../shell/project-context.tsx'
import classes from './pipelines.module.css'

/** Kept in the page; the whole log is a download. */
const most = 400_000

/** The log of a step, live while it runs; scrolls along unless the reader has scrolled up. */
export function StepLog({ run, step }: { run: number; step: PipelineStep }) {
  const project = useProject()
  const [text, setText] = useState('')
  const [ended, setEnded] = useState(false)
  const frame = useRef<HTMLPreElement>(null)
  const along = useRef(true)
  const started = step.startedAt !== null
  useEffect(() => {
    if (!started) return
    const abort = new AbortController()
    setText('')
    setEnded(false)
    void eventStream(stepLogUrl(project, run, step.name), {
      signal: abort.signal,
      once: true,
      onMessage(message) {
        const answer = JSON.parse(message.data) as { text?: string; state?: string }
        if (answer.text) setText((before) => (before + answer.text).slice(-most))
        if (answer.state && !/queued|running/.test(answer.state)) setEnded(true)
      },
    }).then(() => setEnded(true))
    return () => abort.abort()
  }, [project, run, step.name, started])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new text scrolls
  useEffect(() => {
    if (along.current && frame.current) frame.current.scrollTop = frame.current.scrollHeight
  }, [text])
  return (
    <Panel
      title="Log"
      note={!started ? 'the step has not started' : ended ? 'complete' : 'live'}
      actions={text && <Copy text={text} label="Copy the log" />}
      flush
    >
      <pre
        ref={frame}
        className={classes.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          along.current = scrollHeight - scrollTop - clientHeight < 24
        }}
      >
        {text ||
          (started
            ? ended
              ? 'It printed nothing.'
              : 'Nothing printed yet …'
            : step.state === 'skipped'
              ? 'Nothing ran: the inputs have not changed.'
              : 'Waits for its turn.')}
      </pre>
    </Panel>
  )
}
