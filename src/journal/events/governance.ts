export const governanceEvents = {}
