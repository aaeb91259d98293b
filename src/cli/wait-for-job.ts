import { KedgeError } from '../errors.ts'
import type { ApiClient } from './api-client.ts'

interface JobAnswer {
  state: string
  progress: unknown
  result: unknown
  error: { message: string; todo: string } | null
}

/** Waits for a job of the server and shows how far it is. Errors: the job's own; `cancelled` when the user interrupts. */
export async function waitForJob<Result>(
  api: ApiClient,
  { project, jobId }: { project: string; jobId: number },
  options: { what: string; signal: AbortSignal; progress(text: string): void },
): Promise<Result> {
  let shown = ''
  for (;;) {
    const job = await api.get<JobAnswer>(`/api/v1/projects/${encodeURIComponent(project)}/jobs/${jobId}`)
    const progress = typeof job.progress === 'string' ? job.progress : ''
    if (progress !== shown) options.progress(progress)
    shown = progress
    if (job.state === 'succeeded') return job.result as Result
    if (job.state === 'failed' || job.state === 'cancelled')
      throw new KedgeError(
        'conflict',
        { what: job.error?.message ?? `${options.what} was cancelled` },
        { todo: job.error?.todo ?? 'Start it again.' },
      )
    if (options.signal.aborted) throw new KedgeError('cancelled', { what: `Waiting: ${options.what}` })
    await new Promise((done) => setTimeout(done, 200))
  }
}
