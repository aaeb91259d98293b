export const monitoringEvents = {}
