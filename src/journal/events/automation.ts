export const automationEvents = {}
