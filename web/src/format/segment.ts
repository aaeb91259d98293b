/** A segment as it is read: `amount=> 111 & city=Chur` → `amount > 111 & city = Chur`. */
export const segmentText = (segment: string) =>
  segment
    .split(' & ')
    .map((part) => part.replace(/=(?=[>≤] )/, ' ').replace(/=(?! )/, ' = '))
    .join(' & ')
    .replaceAll(/(^|[\s])-(?=\d)/g, '$1−')
