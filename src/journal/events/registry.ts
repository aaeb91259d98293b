export const registryEvents = {}
