/** Where a caller of the gateway sees why none of its backends can be asked. */
export const SEE_HEALTH = 'GET /health'
