/** Headers of a stream, as a flat list. `no-transform` and `x-accel-buffering` keep nginx and others from holding events back. */
export const streamHeaders = (contentType: string): readonly string[] => [
  'content-type',
  contentType,
  'cache-control',
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
]
