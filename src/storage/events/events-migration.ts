/** A step that brings the engine's tables from one version to the next. */
export interface EventsMigration {
  number: number
  name: string
  /** Statements that may run twice without harm: a migration that was interrupted starts again from its first. */
  statements: readonly string[]
}
