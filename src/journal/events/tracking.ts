export const trackingEvents = {}
