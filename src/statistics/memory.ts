/** Keeps what a pure function found for an object and a key, for as long as the object lives. */
export function createMemory<O extends object, T>(): (about: O, key: string, find: () => T) => T {
  const kept = new WeakMap<O, Map<string, T>>()
  return (about, key, find) => {
    let own = kept.get(about)
    if (!own) {
      own = new Map()
      kept.set(about, own)
    }
    let value = own.get(key)
    if (value === undefined) {
      value = find()
      own.set(key, value)
    }
    return value
  }
}
