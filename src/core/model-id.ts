/** Whether this can be the name of a model. One with control characters would break log lines. */
export function isModelId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= 512 && !/[\u0000-\u001f\u007f]/.test(id)
}
