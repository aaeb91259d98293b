/** Squared error of a probability (Brier 1950). */
export const brier = (score: number, actual: boolean): number => (score - (actual ? 1 : 0)) ** 2
