import type { Logger } from '../log.ts'
export async function restoreBackup(_options: { from: string; to?: string; log: Logger; progress(text: string): void }): Promise<{ to: string | null; madeAt: number; files: number; bytes: number; journalHead: number }> {
  throw new Error('not yet')
}
