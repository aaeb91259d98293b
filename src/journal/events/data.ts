export const dataEvents = {}
