import { z } from 'zod'

/** What an inference process is told, as JSON in `KEDGE_INFERENCE`; the shared secret is in `KEDGE_INTERNAL_SECRET`. */
export const inferenceSettings = z.object({
  /** address of control */
  control: z.string(),
  /** its own: models, routing, spool */
  directory: z.string(),
  host: z.string().default('127.0.0.1'),
  httpPort: z.number().int().default(0),
  grpcPort: z.number().int().default(0),
  auth: z.enum(['none', 'token']).default('none'),
  allowedHosts: z.array(z.string()).default(['localhost', '127.0.0.1', '[::1]']),
  node: z.string().optional(),
  logLevel: z.string().default('info'),
  /** what may wait on the disk while control is away; what comes then is served but not recorded */
  spoolBytes: z.number().int().positive().optional(),
  /** bytes that models in memory may take together; those used longest ago leave it and come back when they are called */
  modelMemory: z.number().int().positive().optional(),
  /** milliseconds after which a model that nobody calls leaves memory */
  modelIdle: z.number().int().positive().optional(),
  /** how long it goes on when the process that started it has died, in milliseconds */
  orphanTime: z.number().int().default(60_000),
  /** what it was started as: a control process that would start another one takes no orphan of this kind over */
  likeness: z.string().default(''),
})

export type InferenceSettings = z.input<typeof inferenceSettings>

/** In the directory of an inference process: which one runs there, so that whoever starts the next finds it. */
export const processFile = 'process.json'

export interface RunningInference {
  pid: number
  boot: string
  http: string
  grpc: string
  likeness: string
}
