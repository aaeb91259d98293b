/** What is not plain enough to be read here; the engine reads it. */
export class NeedsEngine extends Error {}
