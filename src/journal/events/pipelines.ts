export const pipelinesEvents = {}
