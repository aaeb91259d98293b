/** What an hour costs, in one currency; 0 where nothing is set. */
export interface Prices {
  currency: string
  /** of a processor that is busy */
  cpuHour: number
  gpuHour: number
  /** of a GiB of memory, by the most that was used */
  gibHour: number
}

export interface Usage {
  cpuSeconds: number
  wallSeconds: number
  maxMemoryBytes: number
  gpus: number
}

const gib = 2 ** 30
const hour = 3600

/** Metered seconds × price. */
export const costOf = ({ cpuSeconds, wallSeconds, maxMemoryBytes, gpus }: Usage, prices: Prices): number =>
  (cpuSeconds * prices.cpuHour +
    (maxMemoryBytes / gib) * wallSeconds * prices.gibHour +
    gpus * wallSeconds * prices.gpuHour) /
  hour

/** How many GPUs a run's system metrics tell of, as MLflow's client names them: `system/gpu_0_utilization_percentage`. */
export const gpusNamed = (metrics: readonly string[]): number =>
  new Set(metrics.flatMap((key) => /^system\/gpu_(\d+)_/.exec(key)?.[1] ?? [])).size

export const isPriced = ({ cpuHour, gpuHour, gibHour }: Prices): boolean => cpuHour > 0 || gpuHour > 0 || gibHour > 0

export const freeOfCharge: Prices = { currency: 'unit', cpuHour: 0, gpuHour: 0, gibHour: 0 }
