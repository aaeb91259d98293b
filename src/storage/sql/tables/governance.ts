// biome-ignore lint/complexity/noBannedTypes: filled by its domain
export type GovernanceTables = {}
