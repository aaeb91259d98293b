/** Whether an entry's id, `milliseconds-number`, is after another. */
export function isAfter(id: string, other: string): boolean {
  const [time = '0', number = '0'] = id.split('-')
  const [otherTime = '0', otherNumber = '0'] = other.split('-')
  return time === otherTime ? BigInt(number) > BigInt(otherNumber) : BigInt(time) > BigInt(otherTime)
}
