export const servingEvents = {}
